package io.github.t6j.session;

import io.github.t6j.events.AllocationSite;
import io.github.t6j.events.Events;
import java.lang.System.Logger.Level;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Tracker of the calls and sessions of a model. It frees the model's memory once, when the model is closed and the last
 * call has ended. Closing the model closes its sessions. A model or session that becomes unreachable is closed
 * ({@link LeakTracker}).
 */
public final class ModelUse {
    private static final AtomicBoolean WARNED = new AtomicBoolean();

    private final AtomicInteger holders = new AtomicInteger(1); // the model itself, and each call in progress
    private final AtomicBoolean closed = new AtomicBoolean();
    private final Set<SessionUse> sessions = ConcurrentHashMap.newKeySet();
    private final LeakTracker leakTracker = new LeakTracker();
    private final Runnable free;
    final UseWords words;

    /** @param free frees the model's memory; must not reference the model, which would then never become unreachable */
    public ModelUse(Runnable free) {
        this(free, UseWords.MODEL);
    }

    /** Creates the tracker of another object that owns memory and threads, with the nouns for its messages. */
    public ModelUse(Runnable free, UseWords words) {
        this.free = free;
        this.words = words;
    }

    /** Closes this when {@code model} becomes unreachable. */
    public void watch(Object model) {
        AllocationSite site = Events.allocationSite(words.model());
        leakTracker.watch(model, () -> unreachable(site));
    }

    /** Closes the unreachable model and reports it; a collection just after {@link #close} may also find it. */
    void unreachable(AllocationSite site) {
        if (!isClosed()) {
            leaked(words.model(), site);
            close();
        }
    }

    /** Adds a session, which is closed with the model. */
    void add(SessionUse use) {
        sessions.add(use);
        if (isClosed()) {
            use.close();
        }
    }

    /**
     * Closes {@code use} when {@code session} becomes unreachable. Returns the watch, which closing the session must
     * end.
     */
    public LeakTracker.Watch watch(Object session, SessionUse use) {
        AllocationSite site = Events.allocationSite(words.session());
        return leakTracker.watch(session, () -> unreachable(use, site));
    }

    /** Closes an unreachable session and reports it, unless {@link #close}, which closes all, has begun. */
    void unreachable(SessionUse use, AllocationSite site) {
        if (!use.isClosed() && !isClosed()) {
            leaked(words.session(), site);
            use.close();
        }
    }

    void remove(SessionUse use) {
        sessions.remove(use);
    }

    /** Logs the first leak, and records each that has a site. */
    private static void leaked(String what, AllocationSite site) {
        if (WARNED.compareAndSet(false, true)) {
            System.getLogger("io.github.t6j").log(
                    Level.WARNING,
                    "a " + what + " of t6j was never closed; it is unreachable and is closed now. Close it,"
                            + " for example with try-with-resources (logged once)",
                    site);
        }
        Events.leak(what, site);
    }

    public boolean isClosed() {
        return closed.get();
    }

    /** @throws IllegalStateException if the model is closed */
    public void checkOpen() {
        if (isClosed()) {
            throw closed();
        }
    }

    private IllegalStateException closed() {
        return new IllegalStateException("the " + words.model() + " is closed; " + words.reload());
    }

    /**
     * Begins a call of the open model.
     *
     * @throws IllegalStateException if the model is closed
     */
    public void begin() {
        checkOpen();
        if (!acquire()) {
            throw closed();
        }
    }

    /**
     * Begins a call that uses the model until {@link #release}.
     *
     * @return false if the model's memory is freed
     */
    public boolean acquire() {
        int now = holders.get();
        while (now > 0 && !holders.compareAndSet(now, now + 1)) {
            now = holders.get();
        }
        return now > 0;
    }

    public void release() {
        if (holders.decrementAndGet() == 0) {
            free.run();
        }
    }

    /** Closes the model: calls of its sessions end as cancelled, and the last of them frees its memory. */
    public void close() {
        if (closed.compareAndSet(false, true)) {
            sessions.forEach(SessionUse::close);
            leakTracker.close();
            release();
        }
    }
}
