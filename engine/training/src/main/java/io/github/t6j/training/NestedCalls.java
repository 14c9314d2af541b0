package io.github.t6j.training;

import io.github.t6j.CallOptions;
import io.github.t6j.session.Expiry;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;

/**
 * Tracker of nested calls that compute, ended by a deadline, an interrupt or {@link #cancel}. Not thread-safe, except
 * {@code cancel}.
 */
final class NestedCalls {
    private final String name;
    private CallOptions options = CallOptions.defaults();
    private Expiry expiry; // of the outermost call
    private int depth;
    private volatile boolean cancelled; // until the end of the outermost call

    /**
     * Creates calls with default options.
     *
     * @param name name of their work, for messages
     */
    NestedCalls(String name) {
        this.name = name;
    }

    /** Sets the deadline, timeout and cancellation of later calls; nested calls follow their outermost call. */
    void setOptions(CallOptions newOptions) {
        options = Objects.requireNonNull(newOptions, "options");
    }

    /** Ends the call in progress, or the next one as soon as it begins. */
    void cancel() {
        cancelled = true;
    }

    /** Makes a call and returns its result. */
    <T> T run(Supplier<T> call) {
        if (depth == 0) {
            expiry = Expiry.of(options);
        }
        depth++;
        try {
            return call.get();
        } finally {
            depth--;
            if (depth == 0) {
                cancelled = false;
            }
        }
    }

    /** @throws CancellationException if the call in progress must end */
    void check() {
        if (cancelled || Thread.currentThread().isInterrupted()) {
            throw new CancellationException(cancelled ? name + " was cancelled" : "interrupted");
        }
        expiry.check(name);
    }
}
