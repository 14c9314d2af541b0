package io.github.t6j.cli.serve;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** Recent rate at which work ends, and the time that the work in a queue takes at this rate. */
final class Pace {
    /** Longest estimate in seconds, so that clients return soon after the server becomes idle. */
    static final int LONGEST = 60;

    private static final int MAX_ENDS = 64;
    private static final long RECENT = TimeUnit.MINUTES.toNanos(1);

    private final LongSupplier clock;
    private final Deque<Long> ends = new ArrayDeque<>(); // times of the last ones

    Pace() {
        this(System::nanoTime);
    }

    /** @param clock returns the time in nanoseconds */
    Pace(LongSupplier clock) {
        this.clock = clock;
    }

    /** Counts work that ended. */
    synchronized void ended() {
        ends.addLast(clock.getAsLong());
        if (ends.size() > MAX_ENDS) {
            ends.removeFirst();
        }
    }

    /**
     * Returns the whole seconds, from 1 to {@link #LONGEST}, until {@code waiting} and one more have ended at the
     * recent rate; 1 if none ended recently.
     */
    synchronized int seconds(int waiting) {
        long now = clock.getAsLong();
        while (!ends.isEmpty() && now - ends.getFirst() > RECENT) {
            ends.removeFirst();
        }
        return ends.isEmpty() ? 1 : seconds((double) (now - ends.getFirst()) / ends.size() * (waiting + 1.0));
    }

    /** Returns whole seconds within the bounds. */
    static int seconds(double nanos) {
        return (int) Math.clamp(Math.ceil(nanos * 1e-9), 1, LONGEST);
    }
}
