package io.github.t6j.cli.serve;

import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Disconnects a client that stops reading for a time limit; the JDK's server would wait for it forever. */
final class WriteTimeout implements AutoCloseable {
    /** Bytes per write: a client that reads this much within the limit is slow, but not disconnected. */
    private static final int PIECE = 1 << 16;

    private final Duration longest;
    private final ScheduledThreadPoolExecutor clock = new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("t6j-write-limit").factory());

    WriteTimeout(Duration longest) {
        this.longest = longest;
        clock.setRemoveOnCancelPolicy(true);
    }

    /** @throws IOException if the client disconnected, or stopped reading; the connection is then closed */
    void write(byte[] bytes, OutputStream out) throws IOException {
        Thread writer = Thread.currentThread();
        for (int at = 0; at < bytes.length; at += PIECE) {
            // The interrupt closes the channel.
            Future<?> end = clock.schedule(writer::interrupt, longest.toNanos(), TimeUnit.NANOSECONDS);
            try {
                out.write(bytes, at, Math.min(PIECE, bytes.length - at));
                out.flush();
            } finally {
                end.cancel(false);
            }
        }
    }

    @Override
    public void close() {
        clock.shutdownNow();
    }
}
