package io.github.t6j.training;

/** Hears of a run. */
@FunctionalInterface
public interface TrainingListener {
    /**
     * After every update, on the thread that trains; it may evaluate and save.
     *
     * @return whether to go on
     */
    boolean onStep(StepResult result);
}
