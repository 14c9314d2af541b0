// A reader turns its notation into an Expression for each rule. Network lowers them to nodes and edges over the bytes
// of UTF-8, Parser follows these edges, and TokenGrammar asks the parser which tokens may come next. May use tokenizer
// and json.

/**
 * Grammars that generated text must match: JSON schemas, GBNF and regular expressions.
 * {@link io.github.t6j.GenerationOptions#withGrammar} applies a {@link io.github.t6j.grammar.Grammar} to a generation;
 * programs that choose ids themselves use {@link io.github.t6j.grammar.TokenGrammar} and
 * {@link io.github.t6j.grammar.GrammarMatcher}.
 */
package io.github.t6j.grammar;
