/**
 * Main API: load a {@link io.github.t6j.Model}, open a {@link io.github.t6j.Session}, generate text or feed ids. This
 * package contains public types only; their implementation is in the packages below it.
 *
 * <p>Wrong arguments throw an IllegalArgumentException or NullPointerException, calls in a wrong state an
 * IllegalStateException, and damaged or unsupported files a {@link io.github.t6j.ModelFormatException}. A cancelled
 * call throws a CancellationException, or its result has {@link io.github.t6j.FinishReason#CANCELLED}. Log messages go
 * to the System.Logger {@code io.github.t6j}.
 */
package io.github.t6j;
