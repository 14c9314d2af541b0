package io.github.t6j;

import java.lang.System.Logger.Level;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The life of a model: what it holds is freed once, when it was closed and no call uses it any more. Knows its sessions,
 * which end with it; a model or session that nobody has any more is closed ({@link Forgotten}).
 */
final class ModelUse {
    private static final AtomicBoolean TOLD = new AtomicBoolean();

    private final AtomicInteger holders = new AtomicInteger(1); // the model, and each call that is under way
    private final AtomicBoolean closed = new AtomicBoolean();
    private final Set<SessionUse> sessions = ConcurrentHashMap.newKeySet();
    private final Forgotten forgotten = new Forgotten();
    private final Runnable free;

    /** @param free frees what the model holds; must not reach the model, or it is never found forgotten */
    ModelUse(Runnable free) {
        this.free = free;
    }

    /** Closes this when {@code model} is forgotten. */
    void watch(Model model) {
        forgotten.watch(model, () -> {
            tell("model");
            close();
        });
    }

    /** Takes a session's life into this one's. */
    void add(SessionUse use) {
        sessions.add(use);
        if (isClosed()) {
            use.close();
        }
    }

    /** Closes {@code use} when {@code session} is forgotten. @return what is to be ended when it is closed */
    Forgotten.Watch watch(Session session, SessionUse use) {
        return forgotten.watch(session, () -> {
            tell("session");
            use.close();
        });
    }

    void remove(SessionUse use) {
        sessions.remove(use);
    }

    private static void tell(String what) {
        if (TOLD.compareAndSet(false, true)) {
            System.getLogger("io.github.t6j").log(
                    Level.WARNING,
                    "a {0} of t6j was never closed; it is now, since nobody uses it. Close models and sessions, for"
                            + " example by try-with-resources (said once)",
                    what);
        }
    }

    boolean isClosed() {
        return closed.get();
    }

    /** @throws IllegalStateException if the model is closed */
    void checkOpen() {
        if (isClosed()) {
            throw closed();
        }
    }

    private static IllegalStateException closed() {
        return new IllegalStateException("the model is closed; load it again");
    }

    /** Begins a call of the open model. @throws IllegalStateException if it is closed */
    void begin() {
        checkOpen();
        if (!acquire()) {
            throw closed();
        }
    }

    /** Begins a call that uses the model, until {@link #release}. @return false if what it holds is freed */
    boolean acquire() {
        int now = holders.get();
        while (now > 0 && !holders.compareAndSet(now, now + 1)) {
            now = holders.get();
        }
        return now > 0;
    }

    void release() {
        if (holders.decrementAndGet() == 0) {
            free.run();
        }
    }

    /** Ends the model's life: its sessions' calls end as cancelled, and the last of them frees it. */
    void close() {
        if (closed.compareAndSet(false, true)) {
            sessions.forEach(SessionUse::close);
            forgotten.close();
            release();
        }
    }
}
