package io.github.t6j.cli;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Does something on Ctrl-C, then waits for the command to end by itself, until {@link #close}. The process ends with
 * 130 (128 + SIGINT), as the JDK has it for a process that a signal ends.
 */
final class OnInterrupt implements AutoCloseable {
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread hook;

    OnInterrupt(Runnable action, Duration patience) {
        hook = new Thread(() -> {
            action.run();
            await(patience);
        });
        Runtime.getRuntime().addShutdownHook(hook);
    }

    private void await(Duration patience) {
        try {
            closed.await(patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        closed.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // the process is ending already
        }
    }
}
