package io.github.t6j.cli.generate;

import io.github.t6j.schedule.Scheduler;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;

/** Work of a command on each of many lines. */
public interface LineWork {
    /** Completes the result of a line. */
    @FunctionalInterface
    interface Finish {
        /** Waits for the work and adds to the result. @throws RuntimeException if the line's work failed */
        void into(Map<String, Object> result) throws InterruptedException;
    }

    /**
     * Waits for a result of the scheduler.
     *
     * @throws RuntimeException the failure of the work
     */
    static <T> T await(CompletableFuture<T> result) throws InterruptedException {
        try {
            return result.get();
        } catch (ExecutionException failed) {
            throw failed.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(failed);
        }
    }

    /** Returns {@code finish}, which also cancels what is left of a line's work once it fails. */
    static Finish cancelling(List<? extends Future<?>> work, Finish finish) {
        return into -> {
            try {
                finish.into(into);
            } finally {
                work.forEach(future -> future.cancel(false)); // no effect on work that is done
            }
        };
    }

    /** Returns the name that progress shows. */
    String name();

    /**
     * Returns true if a line of a file is a successful result of this work, with all fields that {@link #add} needs.
     */
    boolean isResult(Map<String, Object> found);

    /**
     * Submits the work of a line.
     *
     * @param index index of the line
     * @param result receives the fields that are known at once
     * @throws RuntimeException if the line is wrong
     */
    Finish begin(Line line, long index, Map<String, Object> result, Scheduler scheduler);

    /** Adds a successful result to the totals, if the work has any; also results of earlier runs. */
    default void add(Map<String, Object> result) {}

    /** Returns the totals so far as progress shows them; or an empty text. */
    default String found() {
        return "";
    }
}
