package io.github.t6j.session;

import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Runs actions when objects become unreachable, on a separate thread, until it is closed. The JDK's Cleaner cannot be
 * closed, so its thread would outlive the model.
 */
public final class LeakTracker implements AutoCloseable {
    private final ReferenceQueue<Object> queue = new ReferenceQueue<>();
    private final Set<Watch> watches = ConcurrentHashMap.newKeySet();
    private final Thread thread = Thread.ofPlatform().daemon().name("t6j-cleaner").unstarted(this::loop);
    private volatile boolean closed;

    /** Watched object. */
    public final class Watch extends PhantomReference<Object> {
        private final Runnable action;

        private Watch(Object watched, Runnable action) {
            super(watched, queue);
            this.action = action;
        }

        /** Stops watching the object. */
        public void end() {
            watches.remove(this);
        }
    }

    LeakTracker() {
        thread.start();
    }

    /** @param action runs once when {@code watched} is unreachable; must not reference it */
    Watch watch(Object watched, Runnable action) {
        Watch watch = new Watch(watched, action);
        watches.add(watch);
        return watch;
    }

    private void loop() {
        while (!closed) {
            try {
                Watch watch = (Watch) queue.remove();
                if (watches.remove(watch)) {
                    watch.action.run();
                }
            } catch (InterruptedException _) {
                // closed
            }
        }
    }

    /** Ends the thread; later actions do not run. */
    @Override
    public void close() {
        closed = true;
        thread.interrupt();
    }
}
