package io.github.t6j.speculation;

import io.github.t6j.DraftSource;

/**
 * Times of passes of one sequence with 1 to 16 rows, with their drafts, measured while a model generates on this machine. Thread-safe:
 * threads may lose a measurement of each other, which a later one replaces.
 */
final class PassTimes {
    /** Share of a pass of one row that each further row takes, before it is measured. */
    private static final double EXPECTED = 0.2;

    /** Weight of a new time. */
    private static final double WEIGHT = 0.25;

    /** Passes after which an unused time is forgotten: it may be of a pass that something else slowed down. */
    private static final int FORGOTTEN = 256;

    private final int[] unused = new int[2 + DraftSource.MAX_DRAFTS]; // passes of other sizes since the last, by rows
    private final double[] nanos = new double[2 + DraftSource.MAX_DRAFTS]; // by rows; 0 before the first measurement

    /** Records the time of a pass of {@code rows} rows. One twice as long as those before is an outlier. */
    void record(int rows, long time) {
        double before = nanos[rows];
        nanos[rows] = before == 0 ? time : before + WEIGHT * (Math.min(time, 2 * before) - before);
        unused[rows] = 0;
        for (int other = 2; other < nanos.length; other++) {
            if (other != rows && ++unused[other] == FORGOTTEN) {
                nanos[other] = 0;
            }
        }
    }

    /** Returns the measured or expected time of a pass of {@code rows} rows; 0 before the first pass of one row. */
    double of(int rows) {
        return rows < nanos.length && nanos[rows] > 0 ? nanos[rows] : nanos[1] * (1 + EXPECTED * (rows - 1));
    }
}
