package io.github.t6j.schedule.turns;

/**
 * Divides measured time between prompts and running generations: for each step of the generations, prompts get half of
 * its duration. They use it in pieces, from one pause of a pass to the next, so they may exceed their share by half a
 * piece, and get less after the next step.
 */
public final class TimeShare {
    /** Time for prompts after a step, relative to its duration. */
    private static final double SHARE = 0.5;

    private long mark; //    time when the step, or the current piece of a pass, began
    private long left; //    nanoseconds that prompts have before the next step
    private long longest; // nanoseconds of the longest piece of this pass so far

    /** Begins a step of the generations. */
    public void beginStep() {
        mark = System.nanoTime();
    }

    /** Ends the step; prompts go on. */
    public void endStep() {
        long now = System.nanoTime();
        left = Math.clamp(left, -longest, longest / 2) + (long) (SHARE * (now - mark));
        mark = now;
    }

    /** Begins a pass of prompts. */
    public void beginPass() {
        mark = System.nanoTime();
        longest = 0;
    }

    /** Ends a piece of a pass; returns true if a step is due before the next piece. */
    public boolean endPiece() {
        long now = System.nanoTime();
        longest = Math.max(longest, now - mark);
        left -= now - mark;
        mark = now;
        return left < longest / 2;
    }
}
