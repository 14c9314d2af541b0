package io.github.t6j.session;

import java.util.concurrent.locks.ReentrantLock;

/**
 * Tracker of the calls that use a session; none begins after the session is closed. One call at a time may change the
 * session; a second one fails. Calls that only read are short: they and a call that begins wait for each other. A call
 * in progress when the session is closed ends as cancelled and frees the memory itself.
 */
public final class SessionUse {
    /** Call in progress, until it is closed. */
    @FunctionalInterface
    public interface Call extends AutoCloseable {
        @Override
        public void close();
    }

    /** Call within another call; closing it has no effect. */
    private static final Call NESTED = () -> {};

    private final Call changing = this::end;
    private final Call computing = this::endComputing;
    private final Call reading = this::endReading;
    private final ReentrantLock lock = new ReentrantLock(); // held by a reader, and when a change begins
    final ModelUse model;
    private final Runnable free;
    private volatile Thread user; // thread of the call that may change the session; set with the lock
    private volatile boolean closed;
    private volatile boolean cancelled; // until the end of the next call that computes
    private boolean freed; // accessed with the lock

    /** @param free frees the session's memory; runs once, when no call uses it; must not reference the session */
    public SessionUse(ModelUse model, Runnable free) {
        this.model = model;
        this.free = free;
        model.add(this);
    }

    /**
     * Begins a call that may change the session.
     *
     * @throws IllegalStateException if the session is closed, or another call uses it
     */
    public Call begin() {
        if (lock.isHeldByCurrentThread()) { // within a call that reads, such as a sampling step of Generator.next
            throw used(Thread.currentThread());
        }
        if (!model.acquire()) {
            throw closed();
        }
        lock.lock(); // waits for readers
        Thread holder = user;
        boolean isOver = closed || model.isClosed();
        if (holder == null && !isOver) {
            user = Thread.currentThread();
        }
        lock.unlock();
        if (isOver || holder != null) {
            model.release();
            throw isOver ? closed() : used(holder);
        }
        return changing;
    }

    /**
     * Begins a call that computes. {@link #cancel} ends it, even if called before.
     *
     * @throws IllegalStateException if the session is closed, or another call uses it
     */
    public Call beginComputing() {
        begin();
        return computing;
    }

    private IllegalStateException used(Thread holder) {
        UseWords words = model.words;
        return new IllegalStateException(
                holder == Thread.currentThread()
                        ? words.inCall()
                        : "the " + words.session() + " is used by another thread (" + holder.getName() + "); "
                                + words.alone());
    }

    /** Ends the call in progress. */
    public void end() {
        user = null;
        freeIfClosed();
        model.release();
    }

    private void endComputing() {
        cancelled = false;
        end();
    }

    /**
     * Begins a call that reads; a listener may make it within another call.
     *
     * @throws IllegalStateException if the session is closed, or a call of another thread changes it
     */
    public Call beginReading() {
        Call call = tryReading();
        if (call == null) {
            Thread holder = user;
            throw holder == null
                    ? new IllegalStateException(
                            "the " + model.words.session() + " was used by another thread; try again")
                    : used(holder);
        }
        return call;
    }

    /**
     * Begins a call that reads, unless a call of another thread changes the session.
     *
     * @return null if another thread changes it
     * @throws IllegalStateException if the session is closed
     */
    public Call tryReading() {
        if (user == Thread.currentThread()) {
            return NESTED;
        }
        if (!model.acquire()) {
            throw closed();
        }
        lock.lock();
        boolean isOver = closed || model.isClosed();
        if (user == null && !isOver) {
            return reading;
        }
        lock.unlock();
        model.release();
        if (isOver) {
            throw closed();
        }
        return null;
    }

    private void endReading() {
        lock.unlock();
        model.release();
    }

    /**
     * Begins a long call that reads, such as saving to a file: other calls fail instead of waiting.
     *
     * @throws IllegalStateException if the session is closed, or a call of another thread uses it
     */
    public Call beginLongReading() {
        return user == Thread.currentThread() || lock.isHeldByCurrentThread() ? NESTED : begin();
    }

    /**
     * @throws IllegalStateException if the session is closed, unless the current thread is in a call that is still
     *     ending
     */
    public void checkOpen() {
        if (closed && user != Thread.currentThread()) {
            throw closed();
        }
    }

    private IllegalStateException closed() {
        UseWords words = model.words;
        String what = "the " + words.session();
        return new IllegalStateException(
                model.isClosed()
                        ? what + "'s " + words.model() + " is closed; " + words.reload()
                        : what + " is closed; " + words.reopen());
    }

    public boolean isClosed() {
        return closed;
    }

    public boolean isModelClosed() {
        return model.isClosed();
    }

    /** Cancels the call that computes, or the next one if none is in progress. */
    public void cancel() {
        cancelled = true;
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
        if (closed) {
            lock.lock(); // waits for readers
            try {
                if (user == null && !freed) {
                    freed = true;
                    free.run();
                    model.remove(this);
                }
            } finally {
                lock.unlock();
            }
        }
    }
}
