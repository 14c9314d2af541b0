/**
 * Choice between the SIMD kernels and their scalar twin, made once per JVM, and the twin's service until C2 has compiled the
 * kernels. May use {@code kernels} and the packages inside it.
 */
package io.github.t6j.kernels.choice;
