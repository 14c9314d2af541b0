/**
 * The definition of every attention in float64, which the others are tested against and {@code --path materialized}
 * runs. May use {@code attention}.
 */
package io.github.t6j.attention.oracle;
