package io.github.t6j.schedule;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * Generations and scorings that a client waits for together: all copies of one request, or of several submitted
 * together. Their events come in order; only the last event of each is not a {@link Event.Chosen}.
 */
public final class Ticket {
    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>(); // bounded by the requested number of ids
    private volatile Runnable wake = () -> {
    };
    private volatile boolean cancelled;
    private int size;

    /** Returns the number of generations and scorings. */
    public int size() {
        return size;
    }

    /** Adds {@code copies} to the ticket. @return index of the first */
    int enlarge(int copies, Runnable newWake) {
        wake = newWake;
        size += copies;
        return size - copies;
    }

    void add(Event event) {
        events.add(event);
    }

    /** Returns the next event, or null after {@code patience} without one. */
    public Event next(Duration patience) throws InterruptedException {
        return events.poll(patience.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** Returns the next event. */
    public Event next() throws InterruptedException {
        return events.take();
    }

    /**
     * Waits for all scorings of a ticket that has nothing else.
     *
     * @return their {@link Event.Scored#logProbabilities}, in the order of submission
     * @throws RuntimeException the failure of one, after cancelling the others
     */
    public List<List<float[]>> scored() throws InterruptedException {
        List<List<float[]>> found = new ArrayList<>(Collections.nCopies(size, null));
        for (int left = size; left > 0; left--) {
            switch (next()) {
                case Event.Scored(int index, List<float[]> logProbabilities) -> found.set(index, logProbabilities);
                case Event.Failed(int _, RuntimeException cause) -> {
                    cancel();
                    throw cause;
                }
                case Event other -> throw new IllegalStateException("expected the end of a scoring, found " + other);
            }
        }
        return found;
    }

    /** Ends all of them before the next step; their last events still come. */
    public void cancel() {
        cancelled = true;
        wake.run();
    }

    boolean isCancelled() {
        return cancelled;
    }
}
