/** The commands {@code perplexity}, {@code score} and {@code logits}. */
package io.github.t6j.cli.evaluate;
