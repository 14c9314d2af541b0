package io.github.t6j.schedule.prefixes;

import io.github.t6j.ModelFormatException;
import io.github.t6j.Session;
import io.github.t6j.T6jException;
import io.github.t6j.session.SessionCore;
import io.github.t6j.session.SessionFile;
import io.github.t6j.session.SessionState;
import io.github.t6j.weights.Replacement;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Folder of saved sessions whose ids are the beginnings of prompts, found again after a restart. Several processes may
 * share it: a file appears complete, by a rename, and its name has the fingerprint of its model, the type of its cache
 * and a hash of its ids. A file's modification time is the time of its last use; the least recently used files of all
 * models are removed first. A damaged file is removed.
 *
 * <p>One thread saves, another one restores; for any thread.
 */
public final class PrefixFolder implements AutoCloseable {
    private static final System.Logger LOGGER = System.getLogger(PrefixFolder.class.getName());
    private static final String NAME = "t6j-prefix-";
    private static final String SUFFIX = ".safetensors";

    private static final FileAttribute<?> OWNER_ONLY =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

    /** Age from which a partial file counts as left behind by a killed process. */
    private static final Duration ABANDONED = Duration.ofHours(1);

    /** Maximum number of sessions that wait to be saved, since each holds memory. */
    private static final int MAX_WAITING = 2;

    private static final int HASH_BYTES = 16;

    /**
     * A saved prefix.
     *
     * @param ids its ids
     * @param bytes size of its file
     */
    public record Saved(Path file, int[] ids, long bytes) {}

    private final Path folder;
    private final long maxBytes;
    private final int context; // maximum number of ids of a session
    private final SessionState state; // of a session of the model
    private final String fileStart; // of the names of files for this model and type of cache
    private final Map<Path, Saved> saved = new HashMap<>(); // guarded by this, like the field below
    private FileTime seen = FileTime.fromMillis(0); // modification time of the folder at the last refresh
    private final ExecutorService saving = new ThreadPoolExecutor(
            0, 1, 1, TimeUnit.SECONDS, new LinkedBlockingQueue<>(MAX_WAITING),
            Thread.ofPlatform().daemon().name("t6j prefix saving").factory());
    private final ExecutorService restoring = new ThreadPoolExecutor(
            0, 1, 1, TimeUnit.SECONDS, new LinkedBlockingQueue<>(),
            Thread.ofPlatform().daemon().name("t6j prefix restoring").factory());

    /**
     * Creates {@code folder} for its owner only, unless it exists.
     *
     * @param maxBytes largest size of all files
     * @param session session of the model, with the type of cache; stays open
     * @throws UncheckedIOException if the folder cannot be created or read
     */
    public PrefixFolder(Path folder, long maxBytes, Session session) {
        this.folder = folder;
        this.maxBytes = maxBytes;
        context = session.contextLength();
        state = SessionCore.of(session).state();
        fileStart = NAME + state.fingerprint().substring(0, 2 * HASH_BYTES) + "-"
                + session.cacheType().name().toLowerCase(Locale.ROOT) + "-";
        try {
            if (!Files.isDirectory(folder)) {
                create(folder);
            }
            refresh();
        } catch (IOException e) {
            throw new UncheckedIOException(folder + ": the folder for prefixes cannot be used: " + e, e);
        }
    }

    private static void create(Path newFolder) throws IOException {
        if (newFolder.toAbsolutePath().getParent() != null) {
            Files.createDirectories(newFolder.toAbsolutePath().getParent());
        }
        boolean posix = newFolder.getFileSystem().supportedFileAttributeViews().contains("posix");
        if (posix) {
            Files.createDirectory(newFolder, OWNER_ONLY);
        } else {
            Files.createDirectory(newFolder);
        }
    }

    /** Returns the saved prefix with the most ids in common with {@code prompt}, or null if none helps. */
    public synchronized Saved longest(int[] prompt) {
        try {
            refresh();
        } catch (IOException e) {
            LOGGER.log(Level.WARNING, "{0}: prefixes cannot be found: {1}", folder, e.toString());
        }
        return saved.values().stream().filter(prefix -> prefix.ids.length <= context)
                .filter(prefix -> common(prefix, prompt) > 0)
                .filter(prefix -> state.reachesRestored(prefix.ids.length, common(prefix, prompt), prompt.length))
                .max(Comparator.comparingInt(prefix -> common(prefix, prompt))).orElse(null);
    }

    /** Returns the number of first ids that a saved prefix and {@code ids} have in common; 0 for no prefix. */
    public static int common(Saved prefix, int[] ids) {
        if (prefix == null) {
            return 0;
        }
        int differ = Arrays.mismatch(prefix.ids, ids);
        return differ < 0 ? ids.length : differ;
    }

    /** Reads the ids of new files and forgets removed files, if the folder has changed. */
    private synchronized void refresh() throws IOException {
        FileTime changed = Files.getLastModifiedTime(folder);
        if (changed.equals(seen)) {
            return;
        }
        List<Path> files = files(fileStart, SUFFIX);
        saved.keySet().retainAll(files);
        for (Path file : files) {
            if (!saved.containsKey(file)) {
                add(file);
            }
        }
        seen = changed;
    }

    private List<Path> files(String start, String end) throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.filter(file -> file.getFileName().toString().startsWith(start)
                    && file.getFileName().toString().endsWith(end)).toList();
        }
    }

    private synchronized void add(Path file) {
        try {
            saved.put(file, new Saved(file, SessionFile.ids(file), Files.size(file)));
        } catch (ModelFormatException damaged) {
            remove(file, damaged);
        } catch (IOException | UncheckedIOException gone) {
            // another process removed it
        }
    }

    private synchronized void remove(Path file, ModelFormatException damaged) {
        LOGGER.log(Level.WARNING, "removed a saved prefix: {0}", damaged.getMessage());
        saved.remove(file);
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            LOGGER.log(Level.WARNING, "{0}: cannot be removed: {1}", file, e.toString());
        }
    }

    /** Returns the thread that runs {@link #restore}. */
    public Executor restoring() {
        return restoring;
    }

    /**
     * Restores a saved prefix in {@code session}, which is closed if that fails.
     *
     * @return session, or null
     */
    public Session restore(Saved prefix, Session session) {
        try {
            session.restore(prefix.file);
            Files.setLastModifiedTime(prefix.file, FileTime.from(Instant.now()));
            return session;
        } catch (ModelFormatException damaged) {
            remove(prefix.file, damaged);
        } catch (IOException | UncheckedIOException | T6jException | IllegalStateException
                | OutOfMemoryError lost) {
            LOGGER.log(Level.INFO, "{0}: a saved prefix cannot be used: {1}", prefix.file, lost.toString());
        }
        session.close();
        return null;
    }

    /** Saves {@code session} later and closes it; only closes it if too many wait. */
    public void save(Session session) {
        try {
            saving.execute(() -> {
                try (session) {
                    saveNow(session);
                } catch (RuntimeException | Error | IOException e) { // such as a full disk
                    LOGGER.log(Level.WARNING, "{0}: a prefix cannot be saved: {1}", folder, e.toString());
                }
            });
        } catch (RejectedExecutionException full) {
            session.close();
        }
    }

    private void saveNow(Session session) throws IOException {
        Path file = folder.resolve(fileStart + hash(session.ids()) + SUFFIX);
        if (!Files.exists(file) && session.usedCacheBytes() < maxBytes) {
            session.save(file);
            add(file);
        }
        shrink();
    }

    private static String hash(int[] ids) {
        try {
            ByteBuffer bytes = ByteBuffer.allocate(ids.length * Integer.BYTES);
            bytes.asIntBuffer().put(ids);
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes.array());
            return HexFormat.of().formatHex(hash, 0, HASH_BYTES);
        } catch (NoSuchAlgorithmException never) {
            throw new IllegalStateException("every JDK has SHA-256", never);
        }
    }

    /** File of the folder, of any model. */
    private record Used(Path file, FileTime time, long bytes) {}

    /** Removes the least recently used files until the rest is small enough, and files that killed processes left. */
    private void shrink() throws IOException {
        Instant old = Instant.now().minus(ABANDONED);
        for (Used partial : used(Replacement.SUFFIX)) {
            if (partial.time.toInstant().isBefore(old)) {
                Files.deleteIfExists(partial.file);
            }
        }
        List<Used> all = used(SUFFIX);
        long bytes = all.stream().mapToLong(Used::bytes).sum();
        for (Used oldest : all) {
            if (bytes <= maxBytes) {
                return;
            }
            Files.deleteIfExists(oldest.file);
            forget(oldest.file);
            bytes -= oldest.bytes;
        }
    }

    /** Returns the files whose names end with {@code end}, the least recently used first. */
    private List<Used> used(String end) throws IOException {
        List<Used> all = new ArrayList<>();
        for (Path file : files(NAME, end)) {
            try {
                all.add(new Used(file, Files.getLastModifiedTime(file), Files.size(file)));
            } catch (NoSuchFileException removed) {
                // by another process
            }
        }
        all.sort(Comparator.comparing(Used::time));
        return all;
    }

    private synchronized void forget(Path file) {
        saved.remove(file);
    }

    /** Waits until all sessions are saved. */
    @Override
    public void close() {
        saving.close();
        restoring.close();
    }
}
