package io.github.t6j.cli.io;

import io.github.t6j.cli.Main;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Lets a command shut down cleanly on Ctrl-C or SIGTERM: interrupts its thread, which stops the engine and any writing,
 * and waits for {@link #close}. The JDK ends the process with 128 + the signal.
 */
public final class OnInterrupt implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofMillis(900);
    private static final Duration PATIENCE_WITH_SAVING = Duration.ofSeconds(10);

    private final CountDownLatch closed = new CountDownLatch(1);
    private final ShutdownHook hook;
    private volatile boolean saving;

    public OnInterrupt(Main main) {
        this(main, PATIENCE);
    }

    /** @param patience longest time to wait for the command */
    public OnInterrupt(Main main, Duration patience) {
        Thread command = Thread.currentThread();
        hook = new ShutdownHook(() -> {
            main.interrupted = true;
            interrupt(command);
            if (!await(patience) && saving) {
                await(PATIENCE_WITH_SAVING);
            }
        });
    }

    private synchronized void interrupt(Thread command) {
        if (!saving) {
            command.interrupt();
        }
    }

    /** Ignores interrupts from now on, so that the command can finish. */
    public synchronized void finish() {
        saving = true;
        Thread.interrupted();
    }

    private boolean await(Duration patience) {
        try {
            return closed.await(patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    @Override
    public void close() {
        closed.countDown();
        hook.close();
    }
}
