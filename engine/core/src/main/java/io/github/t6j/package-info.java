/**
 * Main API: load a {@link io.github.t6j.Model}, open a {@link io.github.t6j.Session}, generate text or feed ids.
 *
 * <p>Arguments are not null unless their documentation says so, and getters that may have no result return an Optional;
 * components of options are null for none, as the methods that change them take it. Wrong arguments throw an
 * IllegalArgumentException, or a NullPointerException with the argument's name; calls in a wrong state throw an
 * IllegalStateException. The exceptions that this module defines extend {@link io.github.t6j.T6jException}: damaged or
 * unsupported files throw a {@link io.github.t6j.ModelFormatException}. Files that cannot be read throw an
 * {@link java.io.UncheckedIOException}. A cancelled call throws a CancellationException, or its
 * result has {@link io.github.t6j.FinishReason#CANCELLED}. Log messages go to the System.Logger
 * {@code io.github.t6j}.
 */
package io.github.t6j;
