package io.github.t6j.schedule;

import io.github.t6j.MemoryLimitException;
import io.github.t6j.Session;
import io.github.t6j.schedule.prefixes.PrefixFolder;
import io.github.t6j.schedule.prefixes.Prefixes;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** Saves prefixes in the folder of a scheduler and restores them; does nothing without a folder. Not thread-safe. */
final class SavedPrefixes implements AutoCloseable {
    /** Minimum number of ids to restore a prefix for, because reading a file takes time, too. */
    static final int MIN_RESTORED = 128;

    /** Minimum number of computed ids to save a prefix for. */
    private static final int MIN_SAVED = 256;

    private final PrefixFolder folder; // or null
    private final Prefixes kept; // receives restored ones
    private final Session empty;
    private final Runnable wake;
    private CompletableFuture<Session> restoring; // session of a saved prefix, null if that fails; null without one
    private Job restoredFor; // last job for which saved prefixes were looked for

    /**
     * @param empty session to fork; stays open
     * @param wake called, usually by another thread, when a restore has succeeded or failed
     * @throws java.io.UncheckedIOException if the folder cannot be created or read
     */
    SavedPrefixes(SchedulerOptions limits, Prefixes kept, Session empty, Runnable wake) {
        this.kept = kept;
        this.empty = empty;
        this.wake = wake;
        folder = limits.prefixFolder().map(path -> new PrefixFolder(path, limits.prefixBytes(), empty)).orElse(null);
    }

    /**
     * Keeps a restored prefix, or begins to restore a saved one that is much longer than the kept prefix of the job's
     * prompt.
     *
     * @param freeBytes bytes that the caches of the job and of the prefix may take
     * @return true if a prefix is being restored
     */
    boolean awaits(Job job, long freeBytes) {
        if (restoring != null) {
            if (!restoring.isDone()) {
                return true;
            }
            takeRestored(kept::keep);
        }
        if (folder == null || restoredFor == job) {
            return false;
        }
        restoredFor = job;
        PrefixFolder.Saved saved = folder.longest(job.prompt());
        int usable = kept.usable(PrefixFolder.common(saved, job.prompt()), job.prompt());
        if (usable < kept.found(job.prompt()) + MIN_RESTORED || saved.bytes() + job.bytes() > freeBytes) {
            return false;
        }
        Session session = empty.fork();
        restoring = CompletableFuture.supplyAsync(() -> folder.restore(saved, session), folder.restoring());
        restoring.whenComplete((_, _) -> wake.run());
        return true;
    }

    /** Returns true if a restored prefix waits to be kept. */
    boolean hasRestored() {
        return restoring != null && restoring.isDone();
    }

    private void takeRestored(Consumer<Session> use) {
        Session session = restoring == null ? null : restoring.exceptionally(_ -> null).join();
        restoring = null;
        if (session != null) {
            use.accept(session);
        }
    }

    /** Saves the part of a prompt that can be kept, if much of it was computed and less than half of it is saved. */
    void save(Job job) {
        int length = kept.keepable(job.session().position());
        if (folder == null || length - job.found() < MIN_SAVED
                || 2 * PrefixFolder.common(folder.longest(job.prompt()), job.prompt()) >= length) {
            return;
        }
        try {
            Session copy = job.session().fork();
            copy.truncate(length);
            copy.trim();
            folder.save(copy);
        } catch (MemoryLimitException | OutOfMemoryError full) {
            kept.shrink(() -> false);
        }
    }

    /** Waits until no prefix is being saved or restored, and closes one that was restored but not kept. */
    @Override
    public void close() {
        if (folder != null) {
            folder.close();
        }
        takeRestored(Session::close);
    }
}
