/**
 * Choice between the SIMD kernels and their scalar twin, made once per JVM, and the use of the twin until C2 has
 * compiled the kernels. May use {@code kernels} and the packages inside it.
 */
package io.github.t6j.kernels.choice;
