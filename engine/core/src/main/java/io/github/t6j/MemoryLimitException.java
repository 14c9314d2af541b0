package io.github.t6j;

/**
 * Thrown when there is not enough memory for a request. Nothing was allocated and the state is unchanged, except that
 * ids fed in earlier passes of the same call stay fed.
 */
public final class MemoryLimitException extends T6jException {
    private static final long serialVersionUID = 1;

    private static final long SMALL = 10 << 20;

    /** Number of bytes needed. */
    private final long needed;
    /** Number of bytes available. */
    private final long available;

    /**
     * Creates an exception of a request.
     *
     * @param what purpose of the memory
     * @param needed bytes needed
     * @param available bytes available
     * @param advice how to reduce the need
     */
    public MemoryLimitException(String what, long needed, long available, String advice) {
        this(what, needed, available, "available memory", advice);
    }

    /**
     * @param what purpose of the memory
     * @param needed bytes needed
     * @param available bytes available
     * @param limit name of the limit that was reached
     * @param advice how to reduce the need
     */
    public MemoryLimitException(String what, long needed, long available, String limit, String advice) {
        super(what + ": expected at most " + amount(available) + " (" + limit + "), found a need of " + amount(needed)
                + ": " + advice, null);
        this.needed = needed;
        this.available = available;
    }

    private static String amount(long bytes) {
        return bytes < SMALL ? bytes + " bytes" : Math.ceilDiv(bytes, 1 << 20) + " MB";
    }

    /** Returns the number of bytes needed. */
    public long needed() {
        return needed;
    }

    /** Returns the number of bytes available. */
    public long available() {
        return available;
    }
}
