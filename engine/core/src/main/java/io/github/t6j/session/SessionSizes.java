package io.github.t6j.session;

import io.github.t6j.MemoryLimitException;
import io.github.t6j.SessionBytes;
import io.github.t6j.SessionOptions;
import io.github.t6j.kernels.Format;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.Transformer;
import io.github.t6j.weights.MemoryBudget;
import io.github.t6j.weights.NativeMemory;
import java.util.function.IntPredicate;

/**
 * Sizes of a model's sessions with given options.
 *
 * @param materialized true if the oracle computes attention
 */
record SessionSizes(Transformer transformer, SessionOptions options, boolean materialized) {
    Format format() {
        return Format.valueOf(options.cacheType().name());
    }

    int vocabulary() {
        return transformer.config().sizes().vocabulary();
    }

    /**
     * Returns the number of ids that a session has room for, limited by memory and the budget if the options set none.
     *
     * @throws MemoryLimitException if the number that the options set does not fit
     */
    int contextLength(MemoryBudget budget) {
        int requested = options.contextLength();
        int ids = requested == 0 ? transformer.config().sizes().contextLength() : requested;
        long states = transformer.memory().fullSequence(format(), materialized(), 0);
        long wanted = states + tokenBytes(ids);
        long machine = NativeMemory.availableFor(wanted);
        long available = Math.min(machine, budget.available());
        int max = max(ids, tokens -> states + tokenBytes(tokens) <= available);
        if (requested == 0) {
            return Math.max(1, max);
        }
        if (requested > max) {
            throw new MemoryLimitException(
                    "a context of " + requested + " ids, " + tokenBytes(ids) / requested + " bytes each"
                            + (states == 0 ? "" : ", and states of " + states + " bytes"),
                    wanted, available,
                    available < machine ? "left of the model's memory budget" : "available memory",
                    "open the session with at most " + max + " ids, or with a smaller cache type");
        }
        return requested;
    }

    private long tokenBytes(int ids) {
        return transformer.memory().tokens(format(), materialized(), ids);
    }

    /** Returns the largest number up to {@code limit} that fits, assuming that all smaller numbers fit, too. */
    private static int max(int limit, IntPredicate fits) {
        int max = 0;
        for (int step = Integer.highestOneBit(limit); step > 0; step /= 2) {
            if (step <= limit - max && fits.test(max + step)) {
                max += step;
            }
        }
        return max;
    }

    /** Returns the bytes of the cache of a session limited to {@code ids} ids once it is full, with shared pages. */
    long fullBytes(int ids) {
        return transformer.memory().fullSequence(format(), materialized(), ids);
    }

    /** Returns the bytes that a session takes once its context is full. */
    SessionBytes bytes() {
        ModelConfig.Sizes sizes = transformer.config().sizes();
        int ids = options.contextLength() == 0 ? sizes.contextLength() : options.contextLength();
        long buffers = (long) ids * Integer.BYTES + (long) (sizes.vocabulary() + sizes.width()) * Float.BYTES;
        return new SessionBytes(buffers + transformer.memory().pass(), fullBytes(ids));
    }
}
