/** Training of tokenizers on texts. May use {@code tokenizer}, the packages inside it, and {@code json}. */
package io.github.t6j.training.tokenizer;
