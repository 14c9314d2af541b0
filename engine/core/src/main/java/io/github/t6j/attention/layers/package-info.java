/** Layers of several kinds in one model. May use {@code attention} and its {@code oracle}. */
package io.github.t6j.attention.layers;
