package io.github.t6j.training;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Schedule of the learning rate: a linear warm-up from 0, half a cosine down, then a constant. nanoGPT and the
 * official script use the same formula: with W = warmup and I = updates − 1, the rate of update i, counted from 0, is
 *
 * <pre>
 *   i &lt; W      maximum · i / W
 *   W ≤ i ≤ I  minimum + ½ (1 + cos(π (i − W) / (I − W))) · (maximum − minimum)
 *   i &gt; I      minimum
 * </pre>
 *
 * Each change of the run's length adds a plan. A plan begins at its step r with the rate ρ that the previous plan has
 * there, so the rate is continuous, and it ends at the minimum. With c(s) = minimum + ½ (1 + cos(π s)) · (maximum
 * − minimum) and F = max(r, W):
 *
 * <pre>
 *   r ≤ i &lt; W  ρ + (c(σ) − ρ) · (i − r) / (W − r)
 *   F ≤ i ≤ I  c(σ + (1 − σ) (i − F) / (I − F))
 * </pre>
 *
 * σ is the share of the decay that the previous plan has reached at r. If r &lt; W, it is b / updates instead, where b
 * is the step at which this warm-up began: 0, unless an earlier warm-up had ended.
 *
 * @param maximum rate after the warm-up
 * @param minimum rate at the end
 * @param plans plans of the run's length in order of their steps; the first begins at step 0
 */
public record LearningRate(double maximum, double minimum, List<Plan> plans) {
    private static final long MAX_UPDATES = 1L << 40;
    private static final int MAX_PLANS = 10_000;

    /**
     * Plan of a run's length, which holds from one step on.
     *
     * @param step number of updates made when the plan begins
     * @param warmup number of updates until the warm-up ends; at most {@code step} for no further warm-up
     * @param updates number of updates of the whole run
     */
    public record Plan(long step, long warmup, long updates) {
        /**
         * Creates a plan.
         *
         * @throws IllegalArgumentException if a number is negative, or the run would end before {@code step}
         */
        public Plan {
            TrainingOptions.check("updates", updates >= 1 && updates <= MAX_UPDATES, "1 to " + MAX_UPDATES, updates);
            TrainingOptions.check("step", step >= 0 && step <= updates, "0 to " + updates + ", the length of the run",
                    step);
            TrainingOptions.check("warmup", warmup >= 0 && warmup <= updates,
                    "0 to " + updates + ", the length of the run", warmup);
        }

        private long last() {
            return updates - 1;
        }

        /** Returns the update at which the decay begins, or goes on. */
        private long fall() {
            return Math.max(step, warmup);
        }
    }

    /**
     * Creates a schedule.
     *
     * @throws IllegalArgumentException for rates below 0 or above 1, no plans or too many, or plans in another order
     */
    public LearningRate {
        TrainingOptions.check("maximum", maximum > 0 && maximum <= 1, "above 0 and at most 1", maximum);
        TrainingOptions.check("minimum", minimum >= 0 && minimum <= maximum, "0 to the maximum, " + maximum, minimum);
        plans = List.copyOf(Objects.requireNonNull(plans, "plans"));
        TrainingOptions.check("plans", !plans.isEmpty() && plans.size() <= MAX_PLANS, "1 to " + MAX_PLANS,
                plans.size());
        for (int k = 0; k < plans.size(); k++) {
            long step = plans.get(k).step();
            boolean follows = k == 0 ? step == 0 : step > plans.get(k - 1).step();
            TrainingOptions.check("plans", follows, "steps in order, the first 0", step);
        }
    }

    /**
     * Creates the schedule of a run whose length does not change.
     *
     * @param warmup number of updates until the maximum; the first has the rate 0
     * @param updates number of updates of the whole run
     * @throws IllegalArgumentException for rates below 0 or above 1, or a warm-up longer than the run
     */
    public LearningRate(double maximum, double minimum, long warmup, long updates) {
        this(maximum, minimum, List.of(new Plan(0, warmup, updates)));
    }

    /** Returns the number of updates of the whole run, by the last plan. */
    public long updates() {
        return plans.getLast().updates();
    }

    /** Returns the number of updates until the warm-up ends, by the last plan. */
    public long warmup() {
        return plans.getLast().warmup();
    }

    /**
     * Returns this schedule with another length from a step on. A warm-up in progress can become longer; it becomes
     * shorter only if the run does.
     *
     * @param step number of updates made
     * @param warmup number of updates until the warm-up ends; if it has ended and this is above {@code step}, the rate
     *     moves by then to the rate that a run of this length would have
     * @param updates number of updates of the whole run
     * @throws IllegalArgumentException if {@code step} is before the last plan, or above {@code updates}
     */
    public LearningRate renewed(long step, long warmup, long updates) {
        Plan before = plans.getLast();
        long left = before.warmup() - step;
        long min = 0;
        if (step > 0 && left > 0) {
            double shorter = Math.min(1, (double) (updates - step) / (before.updates() - step));
            min = step + Math.max(1, (long) Math.ceil(left * shorter));
        }
        long max = step > 0 ? updates - 1 : updates; // a renewed plan ends at the minimum
        return followedBy(new Plan(step, Math.min(max, Math.max(warmup, min)), updates));
    }

    /**
     * Returns this schedule with a further plan, which replaces one of the same step.
     *
     * @throws IllegalArgumentException if the plan begins before the last one
     */
    public LearningRate followedBy(Plan plan) {
        Objects.requireNonNull(plan, "plan");
        List<Plan> all = new ArrayList<>(plans);
        if (all.getLast().step() == plan.step()) {
            all.removeLast();
        }
        all.add(plan);
        return new LearningRate(maximum, minimum, all);
    }

    /** Returns the rate of an update, counted from 0. */
    public double at(long update) {
        Plan plan = plans.getFirst();
        double start = 0;
        double share = 0;
        long rise = 0;
        for (int k = 1; k < plans.size() && plans.get(k).step() <= update; k++) {
            Plan next = plans.get(k);
            double reached = share(plan, share, next.step());
            start = at(plan, start, share, next.step());
            if (next.warmup() > next.step()) {
                rise = next.step() < plan.warmup() ? rise : next.step();
                share = (double) rise / next.updates();
            } else {
                share = reached;
            }
            plan = next;
        }
        return at(plan, start, share, update);
    }

    /**
     * Returns the rate of an update of a plan.
     *
     * @param start ρ
     * @param share σ
     */
    private double at(Plan plan, double start, double share, long update) {
        if (update < plan.warmup()) {
            double top = share == 0 ? maximum : curve(share);
            return start + (top - start) * (update - plan.step()) / (plan.warmup() - plan.step());
        }
        return update > plan.last() ? minimum : curve(share(plan, share, update));
    }

    /** Returns the share of the decay that a plan has reached. */
    private static double share(Plan plan, double share, long update) {
        if (update > plan.last() || update == plan.last() && plan.step() > 0) {
            return 1;
        }
        long fall = plan.fall();
        return update <= fall ? share : share + (1 - share) * ((double) (update - fall) / (plan.last() - fall));
    }

    private double curve(double share) {
        return minimum + 0.5 * (1 + StrictMath.cos(Math.PI * share)) * (maximum - minimum);
    }
}
