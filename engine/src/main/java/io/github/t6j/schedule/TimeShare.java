package io.github.t6j.schedule;

/**
 * Share of time between prompts and running generations, by measured times: between two steps of the generations,
 * prompts are read for a little less than a step takes. So the time between two tokens at most doubles, unless the
 * longest piece of a pass takes longer than a step.
 */
final class TimeShare {
    /** Time for prompts between two steps, relative to a step. */
    private static final double SHARE = 0.75;

    private long step; //    nanoseconds of the last step
    private long begun; //   time when prompts went on after it
    private long mark; //    time when the step, or the current piece of a pass, began
    private long longest; // nanoseconds between two pauses of this pass, at most

    /** Begins a step of the generations. */
    void beginStep() {
        mark = System.nanoTime();
    }

    /** Ends the step; prompts go on. */
    void endStep() {
        begun = System.nanoTime();
        step = begun - mark;
        mark = begun;
    }

    /** Begins a pass of prompts. */
    void beginPass() {
        mark = System.nanoTime();
        longest = 0;
    }

    /** Returns whether a step is due in this pause of a pass, rather than after the next piece. */
    boolean isStepDue() {
        long now = System.nanoTime();
        longest = Math.max(longest, now - mark);
        mark = now;
        return now - begun + longest > SHARE * step;
    }
}
