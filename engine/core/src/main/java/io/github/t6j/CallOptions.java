package io.github.t6j;

import java.time.Duration;
import java.time.Instant;
import java.util.function.BooleanSupplier;

/**
 * Time limits and cancellation of calls that compute, immutable: {@link #defaults} and the methods that change one of
 * them in a copy. A call that they end throws a {@link java.util.concurrent.CancellationException}.
 *
 * @see io.github.t6j.flashtpa.FlashTpaCache#setCallOptions
 * @see io.github.t6j.training.Trainer#setCallOptions
 */
public final class CallOptions {
    private static final CallOptions DEFAULTS = new CallOptions(new Values(null, null, null));

    private final Values values;

    private record Values(Instant deadline, Duration timeout, BooleanSupplier cancellation) {}

    private CallOptions(Values values) {
        this.values = values;
    }

    /** Returns the defaults: no deadline, no timeout, no cancellation. */
    public static CallOptions defaults() {
        return DEFAULTS;
    }

    /** Returns the time at which calls end, or null for none. */
    public Instant deadline() {
        return values.deadline;
    }

    /** Returns the longest time that a call takes, or null for no limit. */
    public Duration timeout() {
        return values.timeout;
    }

    /** Returns the function that ends a call once it returns true, or null for none. */
    public BooleanSupplier cancellation() {
        return values.cancellation;
    }

    /** Returns these options with another deadline; null for none. */
    public CallOptions withDeadline(Instant deadline) {
        return new CallOptions(new Values(deadline, values.timeout, values.cancellation));
    }

    /**
     * Returns these options with another timeout, which begins to run with each call; null for none. The earlier of
     * deadline and timeout counts.
     *
     * @throws IllegalArgumentException if {@code timeout} is negative
     */
    public CallOptions withTimeout(Duration timeout) {
        if (timeout != null && timeout.isNegative()) {
            throw new IllegalArgumentException("timeout: expected zero or more, found " + timeout);
        }
        return new CallOptions(new Values(values.deadline, timeout, values.cancellation));
    }

    /**
     * Returns these options with a function that ends a call once it returns true; null for none. The calling thread
     * calls it often, so it must be fast.
     */
    public CallOptions withCancellation(BooleanSupplier cancellation) {
        return new CallOptions(new Values(values.deadline, values.timeout, cancellation));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof CallOptions options && values.equals(options.values);
    }

    @Override
    public int hashCode() {
        return values.hashCode();
    }

    @Override
    public String toString() {
        return values.toString().replaceFirst("Values", "CallOptions");
    }
}
