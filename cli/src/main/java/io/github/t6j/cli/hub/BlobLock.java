package io.github.t6j.cli.hub;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.Consumer;

/**
 * Lock of a blob, so that only one process writes it. It uses the lock file of Python's library. On Linux that library
 * uses another kind of lock, so {@link BlobDownload} writes to its own file.
 */
final class BlobLock implements AutoCloseable {
    private static final int POLL_MILLIS = 200;
    private static final int POLLS_BEFORE_NOTE = 5;

    private final FileChannel channel;

    /** Waits until the lock is free; prints a note after a while. */
    BlobLock(Path file, Consumer<String> notes, String what) throws IOException, InterruptedException {
        Files.createDirectories(file.getParent());
        channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            for (int polls = 1; !tryLock(); polls++) {
                if (polls == POLLS_BEFORE_NOTE) {
                    notes.accept(what + ": another process is pulling it: waiting for it");
                }
                Thread.sleep(POLL_MILLIS);
            }
        } catch (RuntimeException | InterruptedException e) {
            channel.close();
            throw e;
        }
    }

    private boolean tryLock() {
        try {
            FileLock lock = channel.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException e) {
            return false; // another pull in this process has it
        } catch (IOException e) {
            return true; // the file system has no locks; two processes then write the same bytes to the same places
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
