package io.github.t6j.weights;

import io.github.t6j.MemoryLimitException;
import java.util.concurrent.atomic.AtomicLong;

/** Count of the native memory that some owners have allocated, with a limit. It may be part of another. Thread-safe. */
public final class MemoryBudget {
    private final String what;
    private final long limit;
    private final MemoryBudget whole; // or null
    private final AtomicLong allocated = new AtomicLong();

    /**
     * @param what kind of the memory and its owner, for messages
     * @param limit most bytes
     * @param whole budget that this one is part of, or null
     */
    public MemoryBudget(String what, long limit, MemoryBudget whole) {
        this.what = what;
        this.limit = limit;
        this.whole = whole;
    }

    /** Returns the bytes allocated now. */
    public long allocated() {
        return allocated.get();
    }

    /** Returns the bytes that may still be allocated. */
    public long available() {
        long own = Math.max(0, limit - allocated());
        return whole == null ? own : Math.min(own, whole.available());
    }

    /** @throws MemoryLimitException if the limit does not allow {@code bytes} more; nothing is counted then */
    void take(long bytes) {
        if (whole != null) {
            whole.take(bytes);
        }
        long before = allocated.get();
        while (bytes <= limit - before) {
            long found = allocated.compareAndExchange(before, before + bytes);
            if (found == before) {
                return;
            }
            before = found;
        }
        if (whole != null) {
            whole.give(bytes);
        }
        throw new MemoryLimitException(
                what, bytes, Math.max(0, limit - before), "left of the memory budget of " + limit + " bytes",
                "close or truncate and trim sessions, shorten contexts, choose a smaller cache type, or load the"
                        + " model with a larger budget");
    }

    void give(long bytes) {
        allocated.addAndGet(-bytes);
        if (whole != null) {
            whole.give(bytes);
        }
    }
}
