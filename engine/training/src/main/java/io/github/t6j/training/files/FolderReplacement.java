package io.github.t6j.training.files;

import io.github.t6j.weights.FileBytes;
import io.github.t6j.weights.Replacement;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Writes a folder of files so that it exists as a whole or not at all. The folder is filled next to its target, under
 * the name {@code .NAME.partial}, and then renamed in one step. The next process removes a folder that a killed process
 * left there.
 */
public final class FolderReplacement {
    private FolderReplacement() {}

    /**
     * Creates {@code folder}. An existing folder is replaced if the new one has files of all its names; until the new
     * one has the name, the old one is kept as {@code .NAME.old}.
     *
     * @param content fills the folder that it receives with files, without subfolders
     * @throws UncheckedIOException if the folder cannot be written or the existing one cannot be replaced, and nothing
     *     has changed; or if the new folder is in place but the old one cannot be removed
     */
    public static void write(Path folder, Consumer<Path> content) {
        Path target = folder.toAbsolutePath().normalize();
        Path partial = sibling(target, Replacement.SUFFIX);
        Path old = sibling(target, ".old");
        try {
            remove(partial);
            Files.createDirectories(partial);
            try {
                content.accept(partial);
                force(partial);
                checkReplaceable(target, partial);
                remove(old);
                replace(target, partial, old);
            } finally {
                remove(partial);
            }
        } catch (IOException e) {
            throw FileBytes.failed(folder, "cannot be written", e);
        }
        delete(old);
    }

    private static Path sibling(Path target, String suffix) {
        return target.resolveSibling("." + target.getFileName() + suffix);
    }

    /** Checks that the target holds only files that the new folder has too, so replacing it loses nothing. */
    private static void checkReplaceable(Path target, Path partial) throws IOException {
        if (!Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (Stream<Path> held = Files.list(target)) { // throws NotDirectoryException for a file
            for (Path file : held.toList()) {
                if (!Files.exists(partial.resolve(file.getFileName())) || Files.isDirectory(file)) {
                    throw new IOException("expected a new folder, or one with the same files to replace, found "
                            + file.getFileName() + " in it: choose another folder");
                }
            }
        }
    }

    /** Renames {@code folder} back if a process was killed between the two steps of replacing it. */
    public static void recover(Path folder) {
        Path target = folder.toAbsolutePath().normalize();
        Path old = sibling(target, ".old");
        try {
            if (Files.isDirectory(old) && !Files.exists(target)) {
                Files.move(old, target, StandardCopyOption.ATOMIC_MOVE);
            }
        } catch (IOException e) {
            throw FileBytes.failed(folder, "cannot be recovered", e);
        }
    }

    /**
     * Renames {@code target} to {@code old} and {@code partial} to {@code target}; if that fails, both keep their
     * names.
     */
    private static void replace(Path target, Path partial, Path old) throws IOException {
        boolean moved = Files.exists(target);
        if (moved) {
            Files.move(target, old, StandardCopyOption.ATOMIC_MOVE);
        }
        try {
            Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            if (moved) {
                Files.move(old, target, StandardCopyOption.ATOMIC_MOVE);
            }
            throw e;
        }
    }

    /** Removes a folder of files if it exists. A symbolic link to a folder is removed, and the folder stays. */
    public static void delete(Path folder) {
        try {
            remove(folder);
        } catch (IOException e) {
            throw FileBytes.failed(folder, "cannot be removed", e);
        }
    }

    private static void remove(Path folder) throws IOException {
        if (Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
            List<Path> files;
            try (Stream<Path> listed = Files.list(folder)) {
                files = listed.toList();
            }
            for (Path file : files) {
                Files.delete(file);
            }
        }
        Files.deleteIfExists(folder);
    }

    /** Flushes the files to disk, so that a crash cannot leave their names without their content. */
    private static void force(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                    channel.force(true);
                }
            }
        }
    }
}
