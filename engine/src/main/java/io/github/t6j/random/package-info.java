/**
 * Random numbers that a seed fixes, on every machine and JDK. Draws of the sampler, first weights and the order of data
 * come from here. May use nothing but the JDK.
 */
package io.github.t6j.random;
