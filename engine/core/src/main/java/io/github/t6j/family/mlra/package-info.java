/** The published models of Multi-Head Low-Rank Attention and their baselines. May use {@code family}. */
package io.github.t6j.family.mlra;
