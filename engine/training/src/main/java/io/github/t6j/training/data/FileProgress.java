package io.github.t6j.training.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.DoubleConsumer;

/** Progress through a list of files, as the fraction of their bytes that is done. */
public final class FileProgress {
    private final DoubleConsumer listener;
    private final long total;
    private long before;

    /** Creates the progress of reading {@code files}, which {@code listener} receives. */
    public FileProgress(List<Path> files, DoubleConsumer listener) {
        this.listener = listener;
        total = files.stream().mapToLong(FileProgress::size).sum();
    }

    /** Returns the size of a file, or 0 if it is unreadable: the reader reports that later. */
    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            return 0;
        }
    }

    /** Reports that {@code bytes} of the current file are done. */
    public void update(long bytes) {
        listener.accept(total == 0 ? 1 : Math.min(1, (double) (before + bytes) / total));
    }

    /** Reports that {@code file} is done. */
    public void finish(Path file) {
        before += size(file);
        update(0);
    }
}
