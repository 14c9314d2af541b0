/**
 * The definition of every attention in float64, against which the algorithms are tested, and which
 * {@code --path materialized} runs. May use {@code attention}.
 */
package io.github.t6j.attention.oracle;
