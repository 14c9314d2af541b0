/**
 * Random numbers that a seed determines on every machine and JDK, for the sampler's draws, initial weights and the
 * order of training data. May use only the JDK.
 */
package io.github.t6j.random;
