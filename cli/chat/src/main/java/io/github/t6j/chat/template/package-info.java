// ChatTemplate is the entry point; TemplateFiles finds a model's template. A Lexer, with a TagLexer for the inside of
// tags, splits its text into TemplateTokens. StatementParser and ExpressionParser turn them into Statements and
// Expressions. A Renderer runs the statements, an Evaluator evaluates the expressions. Value lists the kinds of values.
// Arithmetic, Comparisons, ValueAccess, Printer and Strings implement Python's operations on them. Filters, tests,
// methods and functions are Builtins, with a table for each kind. A Budget limits steps, memory and nesting.

/**
 * Chat templates: the part of Jinja2 that they use, rendered as Jinja2 does with the settings of transformers.
 * {@link io.github.t6j.chat.template.ChatTemplate} is the entry point.
 *
 * <p>Templates are untrusted. Unsupported parts are an error that names them, at parsing if possible, and never
 * rendered differently from Jinja2. A template has access only to its input: there is no reflection, and only values
 * have attributes. Steps, memory and nesting are limited. Every failure is a
 * {@link io.github.t6j.chat.template.ChatTemplateException}, which names the template and the line.
 */
package io.github.t6j.chat.template;
