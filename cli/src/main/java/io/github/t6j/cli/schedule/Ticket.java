package io.github.t6j.cli.schedule;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * Generations and scorings that somebody waits for together: all copies of one request, or of several that were submitted
 * with it. Their events come in order; the last one of each is no {@link Event.Chosen}.
 */
public final class Ticket {
    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>(); // bounded by the ids asked for
    private volatile Runnable wake = () -> {
    };
    private volatile boolean cancelled;
    private int size;

    /** How many generations and scorings there are. */
    public int size() {
        return size;
    }

    /** Takes in {@code copies} more. @return the index of the first */
    int enlarge(int copies, Runnable newWake) {
        wake = newWake;
        size += copies;
        return size - copies;
    }

    void add(Event event) {
        events.add(event);
    }

    /** The next event, or null if there is none for so long. */
    public Event next(Duration patience) throws InterruptedException {
        return events.poll(patience.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** The next event. */
    public Event next() throws InterruptedException {
        return events.take();
    }

    /**
     * Waits for all of them, which are scorings.
     *
     * @return their {@link Event.Scored#logProbabilities}, in the order in which they were submitted
     * @throws RuntimeException why one came to nothing; the others are cancelled then
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
                case Event other -> throw new IllegalStateException("expected a scoring's end, found " + other);
            }
        }
        return found;
    }

    /** Ends all of them before the next step; their last events come all the same. */
    public void cancel() {
        cancelled = true;
        wake.run();
    }

    boolean isCancelled() {
        return cancelled;
    }
}
