package io.github.t6j.schedule;

import io.github.t6j.Drafter;
import io.github.t6j.SessionOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;

/** Options and limits of a scheduler, immutable: {@link #defaults} and the methods that change one in a copy. */
public final class SchedulerOptions {
    /** Maximum number of single ids that fit in one pass with the largest part of a prompt. */
    public static final int MAX_RUNNING = 128;

    private static final SchedulerOptions DEFAULTS =
            new SchedulerOptions(new Values(16, 256, 0, SessionOptions.defaults(), null, 0, null, null));

    private final Values values;

    private record Values(
            int maxRunning, int maxQueued, long cacheBytes, SessionOptions session, Path prefixFolder, long prefixBytes,
            Duration timeout, Drafter speculation) {
        private SchedulerOptions with(int newRunning, int newQueued, long newCacheBytes, SessionOptions newSession) {
            return new SchedulerOptions(new Values(
                    newRunning, newQueued, newCacheBytes, newSession, prefixFolder, prefixBytes, timeout, speculation));
        }
    }

    private SchedulerOptions(Values values) {
        this.values = values;
    }

    /**
     * Returns the defaults: 16 generations at once, 256 waiting ones, half of the available memory for caches,
     * {@link SessionOptions#defaults()}.
     */
    public static SchedulerOptions defaults() {
        return DEFAULTS;
    }

    /** Returns the maximum number of generations and scorings at once. */
    public int maxRunning() {
        return values.maxRunning;
    }

    /** Returns the maximum number of generations and scorings that may wait. */
    public int maxQueued() {
        return values.maxQueued;
    }

    /** Returns the maximum number of bytes of all caches, including kept prefixes; 0 for half of free memory. */
    public long cacheBytes() {
        return values.cacheBytes;
    }

    /**
     * Returns the options of all sessions; their context length is the maximum number of ids of a prompt and its
     * continuation.
     */
    public SessionOptions session() {
        return values.session;
    }

    /**
     * Returns these options with another number of generations at once.
     *
     * @throws IllegalArgumentException if {@code maxRunning} is not in 1 … {@link #MAX_RUNNING}
     */
    public SchedulerOptions withMaxRunning(int maxRunning) {
        if (maxRunning < 1 || maxRunning > MAX_RUNNING) {
            throw new IllegalArgumentException("maxRunning: expected 1 to " + MAX_RUNNING + ", found " + maxRunning);
        }
        return values.with(maxRunning, values.maxQueued, values.cacheBytes, values.session);
    }

    /**
     * Returns these options with another length of the queue.
     *
     * @throws IllegalArgumentException if {@code maxQueued} is negative
     */
    public SchedulerOptions withMaxQueued(int maxQueued) {
        if (maxQueued < 0) {
            throw new IllegalArgumentException("maxQueued: expected 0 or more, found " + maxQueued);
        }
        return values.with(values.maxRunning, maxQueued, values.cacheBytes, values.session);
    }

    /**
     * Returns these options with another memory budget; 0 for half of the memory that is available when the scheduler
     * begins. The scheduler's own empty session is not counted: it has bytes only if the model has states.
     *
     * @throws IllegalArgumentException if {@code cacheBytes} is negative
     */
    public SchedulerOptions withCacheBytes(long cacheBytes) {
        if (cacheBytes < 0) {
            throw new IllegalArgumentException("cacheBytes: expected 0 (half of memory) or more, found " + cacheBytes);
        }
        return values.with(values.maxRunning, values.maxQueued, cacheBytes, values.session);
    }

    /** Returns these options with other options of the sessions. */
    public SchedulerOptions withSession(SessionOptions session) {
        Objects.requireNonNull(session, "session");
        return values.with(values.maxRunning, values.maxQueued, values.cacheBytes, session);
    }

    /** Returns the folder in which prefixes are kept, or none. */
    public Optional<Path> prefixFolder() {
        return Optional.ofNullable(values.prefixFolder);
    }

    /** Returns the maximum number of bytes of all files in {@link #prefixFolder}. */
    public long prefixBytes() {
        return values.prefixBytes;
    }

    /**
     * Returns these options with a folder in which the caches of prompts are kept, for prompts with the same beginning,
     * even in a later process. A prompt of which at least 256 ids were computed is saved, unless at least half of it is
     * saved already. The least recently used files are removed; a damaged file is removed, too. Several schedulers and
     * processes may share a folder, also for different models.
     *
     * @param folder folder, created for its owner only if it is missing, or null for none
     * @param maxBytes maximum number of bytes of all files
     * @throws IllegalArgumentException if {@code maxBytes} is negative
     */
    public SchedulerOptions withPrefixFolder(Path folder, long maxBytes) {
        if (maxBytes < 0) {
            throw new IllegalArgumentException("maxBytes: expected 0 or more, found " + maxBytes);
        }
        return new SchedulerOptions(new Values(
                values.maxRunning, values.maxQueued, values.cacheBytes, values.session, folder, maxBytes,
                values.timeout, values.speculation));
    }

    /** Returns the longest time of a generation, including its time in the queue, or none. */
    public Optional<Duration> timeout() {
        return Optional.ofNullable(values.timeout);
    }

    /**
     * Returns these options with a longest time of every request, including its time in the queue; null for none. After
     * that, a generation or an embedding ends as on its own timeout, and a scoring fails with a CancellationException.
     */
    public SchedulerOptions withTimeout(Duration timeout) {
        return new SchedulerOptions(new Values(values.maxRunning, values.maxQueued, values.cacheBytes, values.session,
                values.prefixFolder, values.prefixBytes, timeout, values.speculation));
    }

    /** Returns the speculation of generations whose options have none, or none. */
    public Optional<Drafter> speculation() {
        return Optional.ofNullable(values.speculation);
    }

    /** Returns these options with speculation of all generations whose options have none; null for none. */
    public SchedulerOptions withSpeculation(Drafter speculation) {
        return new SchedulerOptions(new Values(values.maxRunning, values.maxQueued, values.cacheBytes, values.session,
                values.prefixFolder, values.prefixBytes, values.timeout, speculation));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof SchedulerOptions options && values.equals(options.values);
    }

    @Override
    public int hashCode() {
        return values.hashCode();
    }

    @Override
    public String toString() {
        return values.toString().replaceFirst("Values", "SchedulerOptions");
    }
}
