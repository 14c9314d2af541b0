package io.github.t6j.cli.models;

/**
 * Mean speed of the last seconds, in which older bytes count less and less: half as much after {@value #HALF_SECONDS}
 * seconds. The time left stays steady, although packets come in bursts.
 */
final class TransferSpeed {
    private static final double HALF_SECONDS = 10;
    private static final double NANOS = 1e9;

    private double bytes;
    private double seconds;
    private long last;

    /** @param now time in nanoseconds */
    TransferSpeed(long now) {
        last = now;
    }

    /** Counts bytes that came since the last call. */
    void add(long count, long now) {
        double passed = (now - last) / NANOS;
        double kept = Math.pow(0.5, passed / HALF_SECONDS);
        bytes = bytes * kept + count;
        seconds = seconds * kept + passed;
        last = now;
    }

    double bytesPerSecond() {
        return seconds > 0 ? bytes / seconds : 0;
    }
}
