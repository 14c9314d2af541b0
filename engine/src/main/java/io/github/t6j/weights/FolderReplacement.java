package io.github.t6j.weights;

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
 * A folder of files that is there as a whole or not at all: it is filled beside its place, under the name
 * {@code .NAME.partial}, and then takes its name in one step. What a process that was killed left there is removed by the
 * next one.
 */
public final class FolderReplacement {
    private FolderReplacement() {}

    /**
     * Makes {@code folder}; one that is there is replaced, if it holds no other names than the new one, and until that has
     * its name it is kept as {@code .NAME.old}.
     *
     * @param content fills the folder that it is given with files, without folders in it
     * @throws UncheckedIOException when it cannot be written, or is another folder than such a one, and nothing has changed;
     *     or when only what it was cannot be removed
     */
    public static void write(Path folder, Consumer<Path> content) {
        Path target = folder.toAbsolutePath().normalize();
        Path partial = target.resolveSibling("." + target.getFileName() + ".partial");
        Path old = target.resolveSibling("." + target.getFileName() + ".old");
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

    /** Nothing is lost by replacing what has only files of those names. */
    private static void checkReplaceable(Path target, Path partial) throws IOException {
        if (!Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (Stream<Path> held = Files.list(target)) { // not a folder: says so
            for (Path file : held.toList()) {
                if (!Files.exists(partial.resolve(file.getFileName())) || Files.isDirectory(file)) {
                    throw new IOException("expected a new folder, or one of the same files to replace, found "
                            + file.getFileName() + " in it: give another");
                }
            }
        }
    }

    /** Gives {@code folder} its name back, if a process was killed between the two steps of replacing it. */
    public static void recover(Path folder) {
        Path target = folder.toAbsolutePath().normalize();
        Path old = target.resolveSibling("." + target.getFileName() + ".old");
        try {
            if (Files.isDirectory(old) && !Files.exists(target)) {
                Files.move(old, target, StandardCopyOption.ATOMIC_MOVE);
            }
        } catch (IOException e) {
            throw FileBytes.failed(folder, "cannot be recovered", e);
        }
    }

    /** Gives {@code partial} the name {@code target}, and what had it the name {@code old}; or leaves both as they are. */
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

    /** Removes a folder of files, if it is there; a link to one is removed, and what it leads to stays. */
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

    /** Brings to the disk what is in its memory, so that a machine which stops has the files whole, not only their names. */
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
