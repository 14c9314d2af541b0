package io.github.t6j.benchmark;

import java.util.function.BooleanSupplier;
import java.util.function.DoubleSupplier;

/** Warm-up of a measurement: repeated until its code is compiled and two runs in a row take the same time. */
public final class SteadyState {
    /** Largest difference between two runs that take the same time. */
    private static final double AGREEMENT = 0.03;

    private SteadyState() {}

    /**
     * Repeats {@code run} until {@code isCompiled} returns true and two runs in a row agree within 3 %.
     *
     * @param run runs once and returns the seconds that it took
     * @param minSeconds minimum time of all runs together; there is at least one run
     * @param maxSeconds time after which no run begins
     * @return false if {@code maxSeconds} ended it
     */
    public static boolean reach(BooleanSupplier isCompiled, DoubleSupplier run, double minSeconds, double maxSeconds) {
        double last = run.getAsDouble();
        double total = last;
        boolean agree = false;
        while (total < minSeconds || !agree || !isCompiled.getAsBoolean()) {
            if (total >= maxSeconds) {
                return false;
            }
            double seconds = run.getAsDouble();
            agree = Math.abs(seconds - last) <= AGREEMENT * Math.min(seconds, last);
            last = seconds;
            total += seconds;
        }
        return true;
    }
}
