/** Named shapes of new models. May use {@code family} and the families in it. */
package io.github.t6j.training.presets;
