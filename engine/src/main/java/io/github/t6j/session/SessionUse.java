package io.github.t6j.session;

import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;

/**
 * Tracker of the call that uses a session: one call at a time, and none after the session is closed. A call in progress
 * when the session is closed ends as cancelled and frees the memory itself.
 */
public final class SessionUse {
    /** Call in progress, until it is closed. */
    @FunctionalInterface
    public interface Call extends AutoCloseable {
        @Override
        public void close();
    }

    /** Call within another call; closing it has no effect. */
    private static final Call NESTED = () -> {
    };

    private final Call call = this::end;
    private final AtomicReference<Thread> user = new AtomicReference<>();
    private final ModelUse model;
    private final Runnable free;
    private volatile boolean closed;
    private volatile boolean cancelled;
    private boolean freed; // accessed only by the current user

    /** @param free frees the session's memory; runs once, when no call uses it; must not reference the session */
    public SessionUse(ModelUse model, Runnable free) {
        this.model = model;
        this.free = free;
        model.add(this);
    }

    /**
     * Begins a call.
     *
     * @throws IllegalStateException if the session is closed, or another call uses it
     */
    public Call begin() {
        if (!model.acquire()) {
            throw closed();
        }
        Thread other = user.compareAndExchange(null, Thread.currentThread());
        if (other != null) {
            boolean closing = closed || model.isClosed(); // by the other call, or during it
            model.release();
            throw closing ? closed() : used(other);
        }
        cancelled = false;
        if (closed || model.isClosed()) {
            end();
            throw closed();
        }
        return call;
    }

    /**
     * Begins a call of each of {@code sessions}, or of none if one is closed or in use.
     *
     * @param use returns the tracker of a session
     */
    public static <S> void beginAll(List<S> sessions, Function<S, SessionUse> use) {
        int begun = 0;
        try {
            for (; begun < sessions.size(); begun++) {
                use.apply(sessions.get(begun)).begin();
            }
        } finally {
            if (begun < sessions.size()) {
                endAll(sessions, use, begun);
            }
        }
    }

    /** Ends the calls of the first {@code count} of {@code sessions}. */
    public static <S> void endAll(List<S> sessions, Function<S, SessionUse> use, int count) {
        for (int i = 0; i < count; i++) {
            use.apply(sessions.get(i)).end();
        }
    }

    private static IllegalStateException used(Thread other) {
        if (other == Thread.currentThread()) {
            return new IllegalStateException(
                    "the session is in a call already: a listener may read, fork and save it,"
                            + " but not feed, truncate, restore or continue it");
        }
        return new IllegalStateException("the session is used by another thread (" + other.getName()
                + "); give each thread a session of its own, for example a fork");
    }

    /** Ends the call in progress. */
    public void end() {
        user.set(null);
        freeIfClosed();
        model.release();
    }

    /** Begins a call that reads; a listener may make it within another call. */
    public Call beginReading() {
        return user.get() == Thread.currentThread() ? NESTED : begin();
    }

    /**
     * @throws IllegalStateException if the session is closed, unless the current thread is in a call that is still
     *     ending
     */
    public void checkOpen() {
        if (closed && user.get() != Thread.currentThread()) {
            throw closed();
        }
    }

    private IllegalStateException closed() {
        return new IllegalStateException(
                model.isClosed()
                        ? "the session's model is closed; load it again"
                        : "the session is closed; open a new one");
    }

    public boolean isClosed() {
        return closed;
    }

    /** Cancels the call in progress, if any. */
    public void cancel() {
        if (user.get() != null) {
            cancelled = true;
        }
    }

    /**
     * Returns true if the call in progress on this thread must end, after {@link #cancel}, an interrupt, or closing.
     */
    public boolean isCancelled() {
        return cancelled || closed || model.isClosed() || Thread.currentThread().isInterrupted();
    }

    /** Closes the session. Its memory is freed now, or by the call in progress. */
    public void close() {
        closed = true;
        freeIfClosed();
    }

    private void freeIfClosed() {
        if (closed && user.compareAndSet(null, Thread.currentThread())) {
            if (!freed) {
                freed = true;
                free.run();
                model.remove(this);
            }
            user.set(null);
        }
    }
}
