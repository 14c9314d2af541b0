package io.github.t6j.cli.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;

/**
 * Downloads a model into the cache: lists and chooses its files, checks the free disk space, downloads several files at
 * once, then records the commit.
 */
public final class Pull {
    private static final int AT_ONCE = 4;
    private static final long MILLIS_TO_END = 700;

    /** Receives the progress of a pull, from several threads. */
    public interface Watcher {
        /**
         * Called before the download.
         *
         * @param files number of files
         * @param bytes bytes of all files
         * @param present bytes already present, also in parts of files, which {@link #moved} does not count
         */
        void begins(int files, long bytes, long present);

        /** Receives the number of bytes downloaded; negative for discarded ones. */
        void moved(long bytes);
    }

    private final Hub hub;
    private final HubCache cache;
    private final Watcher watcher;

    public Pull(Hub hub, HubCache cache, Watcher watcher) {
        this.hub = hub;
        this.cache = cache;
        this.watcher = watcher;
    }

    /**
     * Downloads the missing files.
     *
     * @return the model's folder in the snapshot, or its file
     * @throws InterruptedException if the thread was interrupted; the next pull continues with the files so far
     */
    public Path run(ModelName name) throws IOException, InterruptedException {
        Listing listing = hub.list(name);
        PullPlan plan = new PullPlan(listing, name);
        List<RemoteFile> files = plan.files(index -> {
            RemoteFile whole = hub.complete(index, name, listing.commit());
            get(List.of(whole), name, listing.commit(), bytes -> {
            });
            return cache.file(name.repository(), listing.commit(), whole.path());
        });
        List<RemoteFile> whole = new ArrayList<>();
        for (RemoteFile file : files) {
            whole.add(hub.complete(file, name, listing.commit()));
        }
        begin(whole, name, listing.commit());
        getAll(whole, name, listing.commit());
        cache.setRevision(name.repository(), name.revision(), listing.commit());
        return cache.find(name.at(listing.commit())).orElseThrow(() -> new HubException(name
                + ": expected the pulled files, found none: another process has removed them; pull again"));
    }

    /** Reports the beginning; checks the free disk space first. */
    private void begin(List<RemoteFile> files, ModelName name, String commit) throws IOException {
        long all = 0;
        long present = 0;
        long missing = 0;
        for (RemoteFile file : files) {
            long size = Math.max(0, file.size());
            Path blob = cache.blob(name.repository(), file.id());
            Path partial = BlobDownload.partialOf(blob);
            boolean has = cache.has(name.repository(), commit, file) || BlobDownload.isComplete(blob, file);
            long part = Files.exists(partial) ? Files.size(partial) : 0;
            long found = has ? size : part > size ? 0 : part; // a longer part is discarded
            all = Sizes.plus(all, size);
            present = Sizes.plus(present, found);
            missing = Sizes.plus(missing, size - found);
        }
        Files.createDirectories(cache.folder());
        long free = Files.getFileStore(cache.folder()).getUsableSpace();
        if (missing > free) {
            throw new HubException(cache.folder() + ": expected " + Sizes.of(missing) + " of free disk, found "
                    + Sizes.of(free)
                    + ": free some (t6j models --remove NAME), or set HF_HUB_CACHE to a folder on another disk");
        }
        watcher.begins(files.size(), all, present);
    }

    private void getAll(List<RemoteFile> files, ModelName name, String commit)
            throws IOException, InterruptedException {
        Map<String, List<RemoteFile>> byId = new LinkedHashMap<>();
        files.forEach(file -> byId.computeIfAbsent(file.id(), id -> new ArrayList<>()).add(file));
        ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE, Thread.ofPlatform().daemon().factory());
        try {
            ExecutorCompletionService<Void> running = new ExecutorCompletionService<>(threads);
            for (List<RemoteFile> copies : byId.values()) {
                running.submit(() -> {
                    get(copies, name, commit, watcher::moved);
                    return null;
                });
            }
            for (int i = 0; i < byId.size(); i++) {
                running.take().get();
            }
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case IOException io -> throw io;
                case RuntimeException failure -> throw failure;
                case Error error -> throw error;
                default -> throw new IllegalStateException(e.getCause());
            }
        } finally {
            threads.shutdownNow();
            end(threads);
        }
    }

    /** Waits until all threads have stopped writing, but not for threads that hang. */
    private static void end(ExecutorService threads) {
        boolean interrupted = Thread.interrupted();
        try {
            threads.awaitTermination(MILLIS_TO_END, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            interrupted = true;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Downloads files with the same bytes once. */
    private void get(List<RemoteFile> same, ModelName name, String commit, LongConsumer moved)
            throws IOException, InterruptedException {
        RemoteFile first = same.getFirst();
        Path blob = cache.blob(name.repository(), first.id());
        Path lock = cache.locks(name.repository()).resolve(first.id() + ".lock");
        boolean missing = false;
        for (RemoteFile file : same) {
            missing |= !cache.has(name.repository(), commit, file);
        }
        if (!missing) {
            return;
        }
        try (BlobLock _ = new BlobLock(lock, hub::note, first.path())) {
            boolean isNew = !BlobDownload.isComplete(blob, first);
            if (isNew) {
                new BlobDownload(hub, name, commit, first, blob, moved).run();
            }
            for (RemoteFile file : same) {
                if (!cache.has(name.repository(), commit, file)) {
                    cache.link(name.repository(), commit, file, isNew && file == same.getLast());
                }
            }
        }
    }
}
