package io.github.t6j.cli.bench;

import io.github.t6j.MemoryLimitException;
import io.github.t6j.Model;
import io.github.t6j.cli.chat.ChatInput;
import java.time.Duration;

/** Warms a model up while a person types the first message. */
public final class WarmUp implements AutoCloseable {
    private final Thread thread;

    public WarmUp(Model model, Duration atMost) {
        thread = Thread.ofPlatform().daemon().name("t6j-chat-warm-up").start(() -> {
            try {
                model.warmUp(atMost);
            } catch (MemoryLimitException e) {
                // an answer that meets the same error reports it
            }
        });
    }

    /** Returns {@code input}; its first text ends the warm-up. */
    public ChatInput until(ChatInput input) {
        return () -> {
            String text = input.next();
            close();
            return text;
        };
    }

    @Override
    public void close() {
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
