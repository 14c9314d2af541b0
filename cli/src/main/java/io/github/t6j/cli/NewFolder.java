package io.github.t6j.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;

/** A folder that is filled wholly or not at all. */
final class NewFolder {

    /** Writes the files of a folder. */
    @FunctionalInterface
    interface Filler {
        void fill(Path folder) throws IOException;
    }

    private NewFolder() {}

    /** @throws CommandFailure if {@code folder} is a file, or holds anything */
    static void checkEmpty(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        if (!Files.isDirectory(folder)) {
            throw new CommandFailure(folder + ": expected a new or empty folder, found a file: give another");
        }
        try (Stream<Path> files = Files.list(folder)) {
            files.findAny().ifPresent(file -> {
                throw new CommandFailure(folder + ": expected a new or empty folder, found " + file.getFileName()
                        + " in it: give another, or remove what it holds");
            });
        }
    }

    /** Makes {@code folder} and fills it; what was written is removed when that fails or is interrupted. */
    static void create(Path folder, Filler filler) throws IOException {
        checkEmpty(folder);
        boolean existed = Files.exists(folder);
        Files.createDirectories(folder);
        boolean done = false;
        try (OnInterrupt _ = new OnInterrupt(() -> clear(folder, existed), Duration.ZERO)) {
            filler.fill(folder);
            done = true;
        } finally {
            if (!done) {
                clear(folder, existed);
            }
        }
    }

    private static void clear(Path folder, boolean keepFolder) {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.deleteIfExists(file);
            }
            if (!keepFolder) {
                Files.deleteIfExists(folder);
            }
        } catch (IOException | UncheckedIOException e) {
            // the error that led here says more
        }
    }
}
