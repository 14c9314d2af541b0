/**
 * What a transformer is: its configuration ({@link io.github.t6j.model.ModelConfig}), how its weights are packed
 * ({@link io.github.t6j.model.TransformerLoader}), and a token's way through it ({@link io.github.t6j.model.Sequence},
 * {@link io.github.t6j.model.Transformer}, {@code Block}). May use {@code attention}, {@code cache}, {@code kernels}
 * and {@code weights}; knows no names of files' tensors.
 */
package io.github.t6j.model;
