package io.github.t6j.cli.train;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.DoubleSupplier;
import java.util.function.LongUnaryOperator;

/**
 * Time budget of a run: computes how many steps fit, from the times that steps and evaluations take. It decides only
 * the length of a run; the bits of a step do not depend on the clock.
 *
 * <p>Steps are timed in intervals of a hundredth of the budget, or one step. The seconds of a step are the mean of the
 * intervals since its last change. They have changed if the median of the last three intervals differs by more than a
 * tenth. The first step, whose code is not compiled, is in no interval.
 */
final class TimeBudget {
    /** Planned end of the run, as a share of the budget; the process itself needs some time before and after. */
    private static final double TARGET = 0.985;

    /** Largest distance of the expected end from the target before the plan is renewed. */
    private static final double TOLERANCE = 0.015;

    /** Latest end of a run whose steps are so long that one decides between too short and too long. */
    private static final double LATEST = 1.03;

    private static final double INTERVAL = 0.01;
    private static final double CHANGE = 0.1;
    private static final int RECENT = 3;
    private static final int MAX_INTERVALS = 16;

    /** Seconds of steps, and share of the budget, after which code counts as compiled if the last intervals agree. */
    private static final double WARM_SECONDS = 20;
    private static final double WARM = 0.15;

    /** Factor by which the first step is slower than later ones, estimated low. */
    private static final double COLD = 4;

    /** Rounds until the numbers of steps and of their evaluations agree. */
    private static final int ROUNDS = 4;

    private final DoubleSupplier clock;
    private final double seconds;
    private final long max;
    private final List<Double> intervals = new ArrayList<>(); // seconds of a step in each
    private double last; // time until which all work is counted
    private double begun = Double.NaN; // time of the first step
    private double fastest = Double.NaN; // seconds of the fastest step, or of the first one / COLD
    private double intervalSeconds;
    private int intervalSteps;
    private double evaluation = Double.NaN;
    private boolean timed; // a step after the first one
    private boolean warm;

    /**
     * Creates a budget.
     *
     * @param clock seconds since the command began
     * @param seconds budget from the beginning of the command
     * @param max maximum number of updates of the run
     */
    TimeBudget(DoubleSupplier clock, double seconds, long max) {
        this.clock = clock;
        this.seconds = seconds;
        this.max = max;
        last = clock.getAsDouble();
    }

    double seconds() {
        return seconds;
    }

    /** Returns the seconds that are left. */
    double left() {
        return Math.max(0, seconds - clock.getAsDouble());
    }

    /** Returns true if the times of steps are known well enough to plan by them. */
    boolean isWarm() {
        return warm;
    }

    /** Counts the time since the last call as the time of a step. */
    void stepped() {
        boolean first = Double.isNaN(begun);
        begun = first ? last : begun;
        double passed = passed();
        if (first) {
            fastest = passed / COLD;
            return;
        }
        fastest = timed ? Math.min(fastest, passed) : passed;
        timed = true;
        intervalSeconds += passed;
        intervalSteps++;
        if (intervalSeconds >= INTERVAL * seconds) {
            intervals.add(intervalSeconds / intervalSteps);
            intervalSeconds = 0;
            intervalSteps = 0;
            forgetChanged();
        }
    }

    /** Counts the time since the last call as the time of an evaluation and all its work. */
    void evaluated() {
        evaluation = passed();
    }

    /** Counts the time since the last call as other work, such as saving. */
    void worked() {
        passed();
    }

    private double passed() {
        double before = last;
        last = clock.getAsDouble();
        return last - before;
    }

    /** Removes the intervals before the last change. */
    private void forgetChanged() {
        int size = intervals.size();
        if (!warm) {
            double now = intervals.getLast();
            double time = last - begun;
            warm = size > 1 && time > WARM * seconds || time > WARM_SECONDS && size >= RECENT
                    && intervals.subList(size - RECENT, size).stream()
                            .allMatch(interval -> differs(interval, now) <= CHANGE);
            intervals.subList(0, Math.max(0, size - (warm ? RECENT : MAX_INTERVALS))).clear();
        } else if (size > RECENT && differs(recent(), mean()) > CHANGE) {
            intervals.subList(0, size - RECENT).clear();
        } else if (size > MAX_INTERVALS) {
            intervals.removeFirst();
        }
    }

    private static double differs(double a, double b) {
        return Math.abs(a / b - 1);
    }

    private double recent() {
        List<Double> sorted =
                new ArrayList<>(intervals.subList(Math.max(0, intervals.size() - RECENT), intervals.size()));
        Collections.sort(sorted);
        return sorted.get((sorted.size() - 1) / 2);
    }

    private double mean() {
        return intervals.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
    }

    /** Returns the seconds of a step; NaN before the first. */
    double ofStep() {
        if (intervals.isEmpty()) {
            return fastest;
        }
        double mean = mean();
        return differs(recent(), mean) > CHANGE ? recent() : mean;
    }

    /** Returns the seconds of the last evaluation, or {@code estimate} before the first. */
    double evaluation(double estimate) {
        return Double.isNaN(evaluation) ? estimate : evaluation;
    }

    /**
     * Returns the number of updates of the whole run: {@code planned} while the run is expected to end in time, else
     * the number that fits.
     *
     * @param step updates made
     * @param planned updates of the present plan
     * @param estimate seconds of an evaluation, before the first
     * @param evaluations number of evaluations from here to the end of a run, by its number of updates
     */
    long updates(long step, long planned, double estimate, LongUnaryOperator evaluations) {
        double ofStep = ofStep();
        double each = evaluation(estimate);
        boolean over = step >= planned;
        double end = last + (planned - step) * ofStep + each * evaluations.applyAsLong(planned);
        if (!over && !warm) {
            return last + fastest + each <= LATEST * seconds ? planned : step;
        }
        if (Math.abs(end - TARGET * seconds) <= TOLERANCE * seconds) {
            return planned;
        }
        long fit = planned;
        for (int round = 0; round < ROUNDS; round++) {
            double left = seconds - last - each * evaluations.applyAsLong(Math.max(step, fit));
            double nearest = Math.rint((left - (1 - TARGET) * seconds) / ofStep);
            double latest = Math.floor((left + (LATEST - 1) * seconds) / ofStep);
            fit = step + (long) Math.max(0, Math.min(latest, Math.max(nearest, over ? 0 : 1)));
        }
        return Math.max(step, Math.min(fit, max));
    }
}
