/**
 * Chat templates: the part of Jinja2 that they use, rendered as Jinja2 does with the settings of transformers.
 *
 * <p>{@code ChatTemplate} is the entry point; {@code TemplateFiles} finds a model's template. A {@code Lexer}, with a
 * {@code TagLexer} for the inside of tags, splits its text into {@code TemplateToken}s. {@code StatementParser} and {@code
 * ExpressionParser} turn them into {@code Statement}s and {@code Expression}s. A {@code Renderer} runs the statements,
 * an {@code Evaluator} evaluates the expressions. {@code Value} lists the kinds of values. {@code Arithmetic}, {@code
 * Comparisons}, {@code ValueAccess}, {@code Printer} and {@code Strings} implement Python's operations on them. Filters,
 * tests, methods and functions are {@code Builtin}s, with a table for each kind.
 *
 * <p>Templates are untrusted. Unsupported parts are an error that names them, at parsing if possible, and never
 * rendered differently from Jinja2. A template has access only to its input: there is no reflection, and attributes are
 * those of values. A {@code Budget} limits steps, memory and nesting. Every failure is a {@code ChatTemplateException},
 * which names the template and the line.
 */
package io.github.t6j.chat.template;
