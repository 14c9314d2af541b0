package io.github.t6j;

/**
 * Thrown when there is not enough memory for a request. Nothing was allocated and the state is unchanged, except that
 * ids fed in earlier passes of the same call stay fed.
 */
public final class MemoryLimitException extends T6jException {
    private static final long serialVersionUID = 1;

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
        super(what + ": expected at most " + megabytes(available) + " MB (available memory), found a need of "
                + megabytes(needed) + " MB: " + advice, null);
        this.needed = needed;
        this.available = available;
    }

    private static long megabytes(long bytes) {
        return Math.ceilDiv(bytes, 1 << 20);
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
