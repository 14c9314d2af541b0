package io.github.t6j.cli.serve;

import io.github.t6j.LoadListener;
import io.github.t6j.cli.hub.Sizes;
import java.time.Duration;
import java.util.function.Consumer;

/** Log lines of a server that loads its model, or finishes its last requests: none if that takes only a moment. */
final class StartAndStop {
    private static final Duration QUIET = Duration.ofSeconds(2);
    private static final Duration INTERVAL = Duration.ofSeconds(10);

    private final Server server;
    private final Consumer<String> log;

    /** @param log prints a line */
    StartAndStop(Server server, Consumer<String> log) {
        this.server = server;
        this.log = log;
    }

    /**
     * Returns the listener to the progress of loading the model {@code name}.
     *
     * @param watched true if a terminal shows the progress
     */
    LoadListener loading(String name, boolean watched) {
        long[] next = {System.nanoTime() + QUIET.toNanos()};
        return (done, total) -> {
            server.loading(done, total);
            if (!watched && System.nanoTime() - next[0] >= 0) {
                log.accept("loading " + name + ": " + 100 * done / total + " % of " + Sizes.of(total));
                next[0] = System.nanoTime() + INTERVAL.toNanos();
            }
        };
    }

    /** Lets the running requests end, as {@link Server#drain} does. */
    boolean drain(Duration patience) {
        int left = server.left();
        if (left == 0) {
            return server.drain(patience);
        }
        log.accept("draining: " + count(left) + " left, at most " + patience.toSeconds() + " s (--drain)");
        Thread reporter = Thread.startVirtualThread(this::reportLeft);
        try {
            return server.drain(patience);
        } finally {
            reporter.interrupt();
        }
    }

    private static String count(int left) {
        return left + (left == 1 ? " request is" : " requests are");
    }

    private void reportLeft() {
        try {
            while (true) {
                Thread.sleep(INTERVAL);
                log.accept("draining: " + count(server.left()) + " left");
            }
        } catch (InterruptedException done) {
            // the server has stopped
        }
    }
}
