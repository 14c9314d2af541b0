/**
 * Files of the models that training starts from and writes. May use {@code training.assembly}, {@code training.layers},
 * {@code training.lora}, {@code tokenizer}, {@code family}, {@code model}, {@code weights} and {@code json}.
 */
package io.github.t6j.training.files;
