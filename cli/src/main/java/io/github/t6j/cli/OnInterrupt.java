package io.github.t6j.cli;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Lets a command end by itself on Ctrl-C or SIGTERM: interrupts its thread, which ends what the engine computes and what
 * is being written, and waits a moment until {@link #close}. The process ends with 128 + the signal, as the JDK has it.
 */
final class OnInterrupt implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofMillis(900);
    private static final Duration PATIENCE_WITH_SAVING = Duration.ofSeconds(10);

    private final CountDownLatch closed = new CountDownLatch(1);
    private final ShutdownHook hook;
    private volatile boolean saving;

    OnInterrupt(Main main) {
        this(main, PATIENCE);
    }

    /** @param patience how long the command may take to end */
    OnInterrupt(Main main, Duration patience) {
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

    /** Says that what comes now should be finished: there is no interrupt from now on. */
    synchronized void finish() {
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
