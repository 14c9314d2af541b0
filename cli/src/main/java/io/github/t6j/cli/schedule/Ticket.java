package io.github.t6j.cli.schedule;

import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** One continuation of a request, for whoever waits for it: its events in order, the last one is no {@link Event.Chosen}. */
public final class Ticket {
    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>(); // bounded by the ids asked for
    private final Runnable wake;
    private volatile boolean cancelled;

    /** @param wake called when it is cancelled */
    Ticket(Runnable wake) {
        this.wake = wake;
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

    /** Ends it before the next step; its last event comes all the same. */
    public void cancel() {
        cancelled = true;
        wake.run();
    }

    boolean isCancelled() {
        return cancelled;
    }
}
