/** The official T6 models and their baselines. May use {@code family}. */
package io.github.t6j.family.t6;
