package io.github.t6j.cli.serve;

import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Takes a client that reads nothing for so long for one that left: the JDK's server would wait for it for ever. */
final class WriteLimit implements AutoCloseable {
    /** Bytes that are written at once: who reads so much within the limit is slow, and still there. */
    private static final int PIECE = 1 << 16;

    private final Duration longest;
    private final ScheduledThreadPoolExecutor clock = new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("t6j-write-limit").factory());

    WriteLimit(Duration longest) {
        this.longest = longest;
        clock.setRemoveOnCancelPolicy(true);
    }

    /** @throws IOException if the client left, or reads nothing: the connection is closed then */
    void write(byte[] bytes, OutputStream out) throws IOException {
        Thread writer = Thread.currentThread();
        for (int at = 0; at < bytes.length; at += PIECE) {
            Future<?> end = clock.schedule(writer::interrupt, longest.toNanos(), TimeUnit.NANOSECONDS); // closes the channel
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
