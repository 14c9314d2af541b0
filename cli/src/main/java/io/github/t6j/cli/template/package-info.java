/**
 * Chat templates: the part of Jinja2 that they use, as Jinja2 renders it, set up as transformers sets it up.
 *
 * <p>{@code ChatTemplate} is the door; {@code TemplateFiles} finds a model's template. A {@code Lexer}, and for the inside
 * of tags a {@code TagLexer}, cuts its text into {@code Token}s. {@code StatementParser} and {@code ExpressionParser}
 * make {@code Statement}s and {@code Expression}s of them. A {@code Renderer} runs the statements, an {@code Evaluator}
 * computes the expressions. {@code Value} lists what an expression can be; {@code Arithmetic}, {@code Comparing},
 * {@code Access}, {@code Printer} and {@code Strings} do with values what Python does. Filters, tests, methods and
 * functions are {@code Builtin}s, in a table each.
 *
 * <p>Templates are not trusted. What is not known here is refused by name, when the template is parsed if that can be seen
 * there, and never rendered in another way than by Jinja2. A template reaches nothing but what it is given: there is no
 * reflection, and attributes are those of values. A {@code Budget} bounds steps, memory and nesting. Whatever fails is a
 * {@code ChatTemplateException}, which names the template and the line.
 */
package io.github.t6j.cli.template;
