/** Makes tokenizers from texts. May use {@code tokenizer} and the packages inside it. */
package io.github.t6j.training.tokenizer;
