package io.github.t6j.cli.train;

import io.github.t6j.training.LearningRate;
import io.github.t6j.training.Trainer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.LongUnaryOperator;
import java.util.stream.IntStream;

/**
 * Plan of a run's steps: the trainer's schedule, which a time budget renews or which follows recorded plans. A renewed
 * plan holds from a recorded step on, so a resumed run follows it to the same bits, without a clock.
 */
final class StepPlan {
    /** Divisor of the share of a run that warms up. */
    private static final int WARM_UP = 20;

    /** Divisor of the first plan if no step was timed; the plan overestimates the steps. */
    private static final int TOO_MANY = 5;

    /** Factor of the remaining steps from which on the rate rises to where a run of the new length would be. */
    private static final int LONGER = 2;

    private final Trainer trainer;
    private final TimeBudget budget; // or null
    private final Long warmUp; // of --warm-up, or null
    private final long first;
    private final Deque<LearningRate.Plan> recorded = new ArrayDeque<>(); // later plans, to follow
    private final boolean isNew;
    private RunLimits limits = new RunLimits(null, null);

    private StepPlan(Trainer trainer, TimeBudget budget, Long warmUp, boolean isNew) {
        this.trainer = trainer;
        this.budget = budget;
        this.warmUp = warmUp;
        this.isNew = isNew;
        first = trainer.steps();
    }

    /** Plans the trainer's number of updates. */
    static StepPlan fixed(Trainer trainer) {
        return new StepPlan(trainer, null, null, false);
    }

    /**
     * Lengthens a resumed run from the present step on.
     *
     * @param plans plans that the log of the run records, the last of which has its length so far
     * @param more number of updates to add to that length
     */
    static StepPlan lengthened(Trainer trainer, List<LearningRate.Plan> plans, long more) {
        StepPlan followed = following(trainer, plans);
        long updates = followed.recorded.isEmpty()
                ? trainer.options().rate().updates()
                : followed.recorded.getLast().updates();
        StepPlan longer = new StepPlan(trainer, null, null, true);
        longer.set(updates + more);
        return longer;
    }

    /** Follows the trainer's plan, and the plans that the log of the run records after it. */
    static StepPlan following(Trainer trainer, List<LearningRate.Plan> plans) {
        StepPlan followed = fixed(trainer);
        IntStream.range(0, plans.size())
                .filter(i -> i + 1 == plans.size() || plans.get(i + 1).step() > plans.get(i).step()) // last of a step
                .mapToObj(plans::get)
                .filter(plan -> plan.step() >= followed.first)
                .filter(plan -> !trainer.options().rate().plans().contains(plan))
                .forEach(followed.recorded::add);
        followed.follow();
        return followed;
    }

    /**
     * Plans what fits a budget.
     *
     * @param updates number of updates to plan before the first step, estimated high
     * @param resumed whether the run has another plan in its log
     * @param warmUp number of steps of --warm-up, or null for a twentieth of the run
     */
    static StepPlan within(Trainer trainer, TimeBudget budget, Long warmUp, long updates, boolean resumed) {
        StepPlan plan = new StepPlan(trainer, budget, warmUp, resumed);
        plan.set(updates);
        return plan;
    }

    private void set(long updates) {
        LearningRate rate = trainer.options().rate();
        long step = trainer.steps();
        boolean rises = step > first && updates - step > LONGER * (rate.updates() - step);
        long from = rises ? step : first;
        long warm = warmUp == null || rises ? from + Math.ceilDiv(updates - from, WARM_UP) : Math.min(warmUp, updates);
        trainer.setRate(rate.renewed(step, warm, updates));
    }

    /**
     * Plans the rest of a budget before the speed is known, for a checkpoint that a resumed run may begin with. Returns
     * true if the log must record it.
     */
    boolean settle() {
        if (budget == null || budget.isWarm()) {
            return false;
        }
        long step = trainer.steps();
        long planned = trainer.options().rate().updates();
        double left = step > first ? budget.left() / budget.ofStep() : (double) (planned - step) / TOO_MANY;
        set(step + (long) Math.clamp(left, 1, Math.max(1, planned - step)));
        return true;
    }

    /** Applies the recorded plans up to the present step. */
    private void follow() {
        while (!recorded.isEmpty() && recorded.getFirst().step() <= trainer.steps()) {
            trainer.setRate(trainer.options().rate().followedBy(recorded.removeFirst()));
        }
    }

    /** Returns true if a resumed run has another plan from its first step on. */
    boolean isNew() {
        return isNew;
    }

    /** Sets the limits of the run, which the log records. Returns this plan. */
    StepPlan limitedTo(RunLimits given) {
        limits = given;
        return this;
    }

    /** Returns the limits that the run was given. */
    RunLimits limits() {
        return limits;
    }

    /** Returns the budget, or null. */
    TimeBudget budget() {
        return budget;
    }

    /** Counts the time of a step. */
    void stepped() {
        if (budget != null) {
            budget.stepped();
        }
    }

    /** Counts the time of an evaluation. */
    void evaluated() {
        if (budget != null) {
            budget.evaluated();
        }
    }

    /** Counts the time of other work. */
    void worked() {
        if (budget != null) {
            budget.worked();
        }
    }

    /**
     * Renews the plan after a step if it must be. Returns true if the log must record it.
     *
     * @param estimate seconds of an evaluation, before the first
     * @param evaluations number of evaluations from here to the end of a run, by its number of updates
     */
    boolean renew(double estimate, LongUnaryOperator evaluations) {
        if (budget == null) {
            follow();
            return false;
        }
        long planned = trainer.options().rate().updates();
        long updates = budget.updates(trainer.steps(), planned, estimate, evaluations);
        if (updates == planned) {
            return false;
        }
        set(updates);
        return true;
    }
}
