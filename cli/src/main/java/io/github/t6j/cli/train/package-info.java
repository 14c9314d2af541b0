/** The commands {@code train}, {@code gradients} and {@code tokenizer train}. */
package io.github.t6j.cli.train;
