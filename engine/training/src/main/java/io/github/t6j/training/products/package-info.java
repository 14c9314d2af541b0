/**
 * Products of linear layers and their gradients, of matrices in arrays or in the types of files. May use
 * {@code training.kernels}, {@code kernels} and {@code weights}.
 */
package io.github.t6j.training.products;
