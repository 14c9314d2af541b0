package io.github.t6j;

/**
 * There is not enough memory for what was asked; nothing was allocated, and everything is as it was before. Of ids that are
 * fed in several passes, those of the passes before are fed.
 */
public final class MemoryLimitException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final long needed;
    private final long available;

    /**
     * @param what what needs the memory
     * @param needed bytes
     * @param available bytes
     * @param advice what to change
     */
    public MemoryLimitException(String what, long needed, long available, String advice) {
        super(what + ": expected at most " + megabytes(available) + " MB, which this machine has left, found a need of "
                + megabytes(needed) + " MB: " + advice);
        this.needed = needed;
        this.available = available;
    }

    private static long megabytes(long bytes) {
        return Math.ceilDiv(bytes, 1 << 20);
    }

    /** Bytes that were asked for. */
    public long needed() {
        return needed;
    }

    /** Bytes that this machine's memory leaves. */
    public long available() {
        return available;
    }
}
