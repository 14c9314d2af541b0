/**
 * Model of a transformer: its configuration ({@link io.github.t6j.model.ModelConfig}), the packing of its weights
 * ({@link io.github.t6j.model.TransformerLoader}), and a token's path through it ({@link io.github.t6j.model.Sequence},
 * {@link io.github.t6j.model.Transformer}, {@code Block}). The package may use {@code attention}, {@code cache},
 * {@code kernels}, {@code weights} and {@code events}. It does not know the tensor names of files.
 */
package io.github.t6j.model;
