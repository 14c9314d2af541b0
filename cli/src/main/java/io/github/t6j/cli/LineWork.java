package io.github.t6j.cli;

import io.github.t6j.cli.schedule.Scheduler;
import java.util.Map;

/** What a command does with each of many lines. */
interface LineWork {
    /** Puts into a result what came of its line. */
    @FunctionalInterface
    interface Finish {
        /** Waits for it. @throws RuntimeException why nothing came of it */
        void into(Map<String, Object> result) throws InterruptedException;
    }

    /** What the progress calls it. */
    String name();

    /** Whether a file holds a result without an error of such work: all that {@link #add} needs is there. */
    boolean isResult(Map<String, Object> found);

    /**
     * Submits what a line asks for.
     *
     * @param index of the line
     * @param result what is known at once is put here
     * @throws RuntimeException what is wrong with the line
     */
    Finish begin(Line line, long index, Map<String, Object> result, Scheduler scheduler);

    /** Takes a result without an error into the totals, if there are any: those of earlier runs, too. */
    default void add(Map<String, Object> result) {}

    /** The totals so far, for the person who waits; or nothing. */
    default String found() {
        return "";
    }
}
