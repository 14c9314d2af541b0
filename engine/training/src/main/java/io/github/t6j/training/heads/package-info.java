/**
 * Attention of one head of one sequence, forward and backward: with softmax, and linear. May use {@code
 * training.products}, {@code training.kernels}, {@code kernels} and {@code weights}.
 */
package io.github.t6j.training.heads;
