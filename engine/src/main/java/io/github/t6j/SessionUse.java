package io.github.t6j;

import java.util.concurrent.atomic.AtomicReference;

/**
 * Who uses a session: one call at a time, and none after it was closed. A call that is under way when somebody closes the
 * session ends as cancelled, and frees the memory itself.
 */
final class SessionUse {
    /** A call that is under way, until it is closed. */
    @FunctionalInterface
    interface Call extends AutoCloseable {
        @Override
        void close();
    }

    /** A call inside another, which ends with that. */
    private static final Call NESTED = () -> {
    };

    private final Call call = this::end;
    private final AtomicReference<Thread> user = new AtomicReference<>();
    private final ModelUse model;
    private final Runnable free;
    private volatile boolean closed;
    private volatile boolean cancelled;
    private boolean freed; // of whoever is the user

    /** @param free frees the session's memory, once, when no call uses it; must not reach the session */
    SessionUse(ModelUse model, Runnable free) {
        this.model = model;
        this.free = free;
        model.add(this);
    }

    /**
     * Begins a call.
     *
     * @throws IllegalStateException if the session is closed, or another call uses it
     */
    Call begin() {
        if (!model.acquire()) {
            throw closed();
        }
        Thread other = user.compareAndExchange(null, Thread.currentThread());
        if (other != null) {
            boolean closing = closed || model.isClosed(); // by the other, or while it goes on
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

    private static IllegalStateException used(Thread other) {
        if (other == Thread.currentThread()) {
            return new IllegalStateException(
                    "the session is in a call already: a listener may read it, fork it and save"
                            + " it, but not feed, cut, restore or continue it");
        }
        return new IllegalStateException("the session is used by another thread (" + other.getName()
                + "); give each thread a session of its own, for example a fork");
    }

    /** Ends the call that has begun. */
    void end() {
        user.set(null);
        freeIfClosed();
        model.release();
    }

    /** Begins a call that reads; it may be made by a listener inside another. */
    Call beginReading() {
        return user.get() == Thread.currentThread() ? NESTED : begin();
    }

    /** @throws IllegalStateException if the session is closed and this is not within a call that runs on */
    void checkOpen() {
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

    boolean isClosed() {
        return closed;
    }

    /** Cancels the call that is under way, if there is one. */
    void cancel() {
        if (user.get() != null) {
            cancelled = true;
        }
    }

    /** Whether the call that is under way on this thread must end: by {@link #cancel}, an interrupt, or a close. */
    boolean isCancelled() {
        return cancelled || closed || model.isClosed() || Thread.currentThread().isInterrupted();
    }

    /** Ends the session's life; the memory is freed now, or by the call that is under way. */
    void close() {
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
