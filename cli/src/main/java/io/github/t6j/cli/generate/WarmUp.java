package io.github.t6j.cli.generate;

import io.github.t6j.MemoryLimitException;
import io.github.t6j.Model;
import java.time.Duration;

/** Warms a model up in the background, until it is used. */
public final class WarmUp implements AutoCloseable {
    private final Thread thread;

    /** Starts to warm up {@code model} for at most {@code atMost}. */
    public WarmUp(Model model, Duration atMost) {
        this(() -> {
            try {
                model.warmUp(atMost);
            } catch (MemoryLimitException e) {
                // an answer that meets the same error reports it
            }
        });
    }

    /** @param body code that warms up until its thread is interrupted */
    public WarmUp(Runnable body) {
        thread = Thread.ofPlatform().daemon().name("t6j-model-warm-up").start(body);
    }

    /** Returns true until the model is warm or the warm-up was stopped. */
    public boolean isRunning() {
        return thread.isAlive();
    }

    /** Stops the warm-up, and waits for its current pass to end. */
    public void stop() {
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        stop();
    }
}
