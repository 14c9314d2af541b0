/**
 * Grammars that generated text must match: JSON schemas, GBNF and regular expressions, as masks over a vocabulary.
 *
 * <p>A reader turns its notation into an {@link io.github.t6j.grammar.Expression} for each rule. {@link
 * io.github.t6j.grammar.Network} lowers them to nodes and edges over the bytes of UTF-8, {@link
 * io.github.t6j.grammar.Parser} follows these edges, and {@link io.github.t6j.grammar.TokenGrammar} asks the parser
 * which tokens may come next. May use {@code tokenizer} and {@code json}.
 */
package io.github.t6j.grammar;
