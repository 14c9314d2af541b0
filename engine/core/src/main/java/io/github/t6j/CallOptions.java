package io.github.t6j;

import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.function.BooleanSupplier;

/**
 * Time limits and cancellation of calls that compute. {@link GenerationOptions}, {@link EmbeddingOptions} and
 * {@link ModelOptions} contain them. A generation that they end has a {@link FinishReason} that says so; every other
 * call throws a {@link java.util.concurrent.CancellationException}. The earlier of deadline and timeout counts.
 *
 * @param deadline time at which a call ends, or null for none
 * @param timeout longest time that a call takes, from its beginning or its submission to a scheduler, or null for no
 *     limit
 * @param cancellation function that ends a call once it returns true, or null for none; a computing thread calls it
 *     often, so it must be fast and safe for use by that thread
 * @see io.github.t6j.flashtpa.FlashTpaCache#setCallOptions
 */
public record CallOptions(Instant deadline, Duration timeout, BooleanSupplier cancellation) {
    private static final CallOptions DEFAULTS = new CallOptions(null, null, null);

    /** @throws IllegalArgumentException if {@code timeout} is negative */
    public CallOptions {
        if (timeout != null && timeout.isNegative()) {
            throw new IllegalArgumentException("timeout: expected zero or more, found " + timeout);
        }
    }

    /** Returns the defaults: no deadline, no timeout, no cancellation. */
    public static CallOptions defaults() {
        return DEFAULTS;
    }

    /** Returns these options with another deadline; null for none. */
    public CallOptions withDeadline(Instant deadline) {
        return new CallOptions(deadline, timeout, cancellation);
    }

    /**
     * Returns these options with another timeout; null for none.
     *
     * @throws IllegalArgumentException if {@code timeout} is negative
     */
    public CallOptions withTimeout(Duration timeout) {
        return new CallOptions(deadline, timeout, cancellation);
    }

    /** Returns these options with another function that ends a call; null for none. */
    public CallOptions withCancellation(BooleanSupplier cancellation) {
        return new CallOptions(deadline, timeout, cancellation);
    }

    /** Returns these options with one more function that ends a call, next to the present one. */
    public CallOptions orCancelledBy(BooleanSupplier other) {
        Objects.requireNonNull(other, "other");
        return cancellation == null
                ? withCancellation(other)
                : withCancellation(() -> other.getAsBoolean() || cancellation.getAsBoolean());
    }
}
