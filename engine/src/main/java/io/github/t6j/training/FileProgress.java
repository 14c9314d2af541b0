package io.github.t6j.training;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.DoubleConsumer;

/** Tells which share of some files is done, by their bytes. */
final class FileProgress {
    private final DoubleConsumer listener;
    private final long total;
    private long before;

    FileProgress(List<Path> files, DoubleConsumer listener) {
        this.listener = listener;
        total = files.stream().mapToLong(FileProgress::size).sum();
    }

    /** 0 of what cannot be read, which will be told when it is. */
    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            return 0;
        }
    }

    /** So many bytes of the present file are done. */
    void update(long bytes) {
        listener.accept(total == 0 ? 1 : Math.min(1, (double) (before + bytes) / total));
    }

    /** This file is done. */
    void finish(Path file) {
        before += size(file);
        update(0);
    }
}
