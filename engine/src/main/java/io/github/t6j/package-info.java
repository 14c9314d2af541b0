/**
 * The public door: load a {@link io.github.t6j.Model}, open a {@link io.github.t6j.Session}, generate or feed ids. May
 * use every other package; none may use it, except {@link io.github.t6j.ModelFormatException} and {@link io.github.t6j.RopeVariant}.
 *
 * <p>Wrong arguments throw IllegalArgumentException or NullPointerException, calls at the wrong time
 * IllegalStateException, files that are not what they must be {@link io.github.t6j.ModelFormatException}; what is cancelled
 * throws CancellationException, or says so in its result. What there is to log goes to the System.Logger {@code
 * io.github.t6j}.
 */
package io.github.t6j;
