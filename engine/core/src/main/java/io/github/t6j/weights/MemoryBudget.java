package io.github.t6j.weights;

import io.github.t6j.MemoryLimitException;

/** Count of native memory, with a limit. A budget may be part of a larger one. Thread-safe. */
public final class MemoryBudget {
    private final String what;
    private final long limit;
    private final MemoryBudget whole; // or null
    private final Object lock; // of the whole and all its parts, so that a request that fails never counts
    private long allocated;

    /**
     * @param what kind of the memory and its owner, for messages
     * @param limit maximum number of bytes
     * @param whole budget that this one is part of, or null
     */
    public MemoryBudget(String what, long limit, MemoryBudget whole) {
        this.what = what;
        this.limit = limit;
        this.whole = whole;
        lock = whole == null ? new Object() : whole.lock;
    }

    /** Returns the bytes allocated now. */
    public long allocated() {
        synchronized (lock) {
            return allocated;
        }
    }

    /** Returns the bytes that may still be allocated. */
    public long available() {
        synchronized (lock) {
            long free = Math.max(0, limit - allocated);
            return whole == null ? free : Math.min(free, whole.available());
        }
    }

    /** @throws MemoryLimitException if the limit does not allow {@code bytes} more; nothing is counted then */
    void take(long bytes) {
        synchronized (lock) {
            if (bytes > limit - allocated) {
                throw new MemoryLimitException(
                        what, bytes, Math.max(0, limit - allocated), "left of the memory budget of " + limit + " bytes",
                        "close or truncate and trim sessions, shorten contexts, choose a smaller cache type, or load the"
                                + " model with a larger budget");
            }
            if (whole != null) {
                whole.take(bytes);
            }
            allocated += bytes;
        }
    }

    void give(long bytes) {
        synchronized (lock) {
            allocated -= bytes;
            if (whole != null) {
                whole.give(bytes);
            }
        }
    }
}
