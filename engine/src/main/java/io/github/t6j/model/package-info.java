/**
 * What a transformer is: its configuration read from shapes and config.json ({@link
 * io.github.t6j.model.TransformerLoader}), and a token's way through it ({@link io.github.t6j.model.Transformer}, then
 * {@code Block}). May use {@code attention}, {@code cache}, {@code kernels} and {@code weights}.
 */
package io.github.t6j.model;
