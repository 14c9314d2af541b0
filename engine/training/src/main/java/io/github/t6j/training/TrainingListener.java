package io.github.t6j.training;

/** Listener to the updates of a training run. */
@FunctionalInterface
public interface TrainingListener {
    /**
     * Called after every update, on the thread that trains. The listener may evaluate and save.
     *
     * @return true to continue, false to stop
     */
    boolean onStep(StepResult result);
}
