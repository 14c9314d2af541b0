package io.github.t6j.cli.io;

import io.github.t6j.cli.Main;
import io.github.t6j.cli.hub.Sizes;
import io.github.t6j.cli.models.WeightFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * A folder that one process fills completely or not at all. Until it is complete, a locked file in it lists the files
 * to come. If another process can lock that list, the process that wrote it was killed; the files that it names are
 * removed.
 */
public final class NewFolder {
    static final String LIST = ".t6j-partial";

    /** Writes one file. */
    @FunctionalInterface
    public interface Content {
        void write(Path file) throws IOException;
    }

    private NewFolder() {}

    /**
     * Checks that the folder can be created and filled, before the work that makes its content.
     *
     * @throws CommandFailure if it is a file, is not empty, or cannot be written
     */
    public static void check(Path folder) {
        if (Files.exists(folder) && !Files.isDirectory(folder)) {
            throw new CommandFailure(folder + ": expected a new or empty folder, found a file: choose another name");
        }
        if (!Files.exists(folder.resolve(LIST))) {
            checkEmpty(folder);
        }
        Path place = folder.toAbsolutePath();
        while (!Files.exists(place)) {
            place = place.getParent();
        }
        if (!Files.isDirectory(place) || !Files.isWritable(place)) {
            throw new CommandFailure(folder + ": cannot be written: " + place
                    + (Files.isDirectory(place) ? ": permission denied" : " is not a folder"));
        }
    }

    private static void checkEmpty(Path folder) {
        for (Path file : files(folder)) {
            if (!file.endsWith(LIST)) {
                throw new CommandFailure(folder + ": expected a new or empty folder, found " + file.getFileName()
                        + " in it: choose another folder, or empty this one");
            }
        }
    }

    private static List<Path> files(Path folder) {
        if (!Files.exists(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList();
        } catch (IOException | UncheckedIOException e) {
            throw Errors.failure(folder, "cannot be read", e);
        }
    }

    /**
     * Prints the size of the folder that {@link #create} made.
     *
     * @param before bytes of the original weights, or 0
     */
    public static void noteMade(Main main, Path folder, long before) {
        long weights = size(folder.resolve(WeightFile.NAME));
        String ratio = before > 0
                ? String.format(Locale.ROOT, ", %.2f times the original %s", (double) weights / before,
                        Sizes.of(before))
                : "";
        main.note("wrote " + Text.printable(folder.toString(), Integer.MAX_VALUE) + ": " + files(folder).size()
                + " files, weights of " + Sizes.of(weights) + ratio);
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw Errors.failure(file, "cannot be read", e);
        }
    }

    /**
     * Creates {@code folder} with {@code files}, in their order; removes them again if that fails or is interrupted. A
     * name may include a folder, FOLDER/FILE.
     */
    public static void create(Main main, Path folder, Map<String, Content> files) {
        check(folder);
        boolean existed = Files.exists(folder);
        boolean done = false;
        try (OnInterrupt _ = new OnInterrupt(main); FileChannel list = lockList(folder)) {
            try {
                remove(folder, read(list));
                checkEmpty(folder);
                list.write(StandardCharsets.UTF_8.encode(String.join("\n", files.keySet())), 0);
                files.forEach((name, content) -> write(folder.resolve(name), content));
                done = true;
            } finally {
                if (!done) {
                    remove(folder, files.keySet());
                }
                Files.deleteIfExists(folder.resolve(LIST));
                if (!done && !existed) {
                    Files.deleteIfExists(folder);
                }
            }
        } catch (IOException e) {
            throw Errors.failure(folder, "cannot be written", e);
        }
    }

    private static void write(Path file, Content content) {
        try {
            Files.createDirectories(file.getParent());
            content.write(file);
        } catch (IOException e) {
            throw Errors.failure(file, "cannot be written", e);
        }
    }

    /** Opens and locks the list of the folder. */
    private static FileChannel lockList(Path folder) throws IOException {
        Files.createDirectories(folder);
        Path path = folder.resolve(LIST);
        FileChannel list = FileChannel.open(
                path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try {
            Object key = key(path);
            // The owner may have removed the list meanwhile; then the lock is on a deleted file.
            if (list.tryLock() != null && Objects.equals(key(path), key)) {
                return list;
            }
        } catch (OverlappingFileLockException | NoSuchFileException e) {
            // reported below
        }
        list.close();
        throw new CommandFailure(folder + ": expected a folder that is not in use, found another t6j writing to it:"
                + " wait until it has finished, or choose another folder");
    }

    private static Object key(Path file) throws IOException {
        return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
    }

    /** Reads the list through its channel: closing a second channel of the same file would release the lock. */
    private static List<String> read(FileChannel list) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(list.size(), 1 << 16));
        while (bytes.hasRemaining() && list.read(bytes, bytes.position()) > 0) {
            // reads until the buffer is full or the file ends
        }
        return StandardCharsets.UTF_8.decode(bytes.flip()).toString().lines().toList();
    }

    /** Removes files of these names, and partial files of these names. */
    private static void remove(Path folder, Collection<String> names) {
        for (Path file : files(folder)) {
            String found = file.getFileName().toString();
            if (names.stream().anyMatch(name -> found.equals(name)
                    || found.startsWith(name + ".") && found.endsWith(".partial"))) {
                delete(file);
            } else if (Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
                List<String> inside = names.stream().filter(name -> name.startsWith(found + "/")
                        && name.matches("[\\w-]+/[\\w-]+\\.json")).toList();
                inside.forEach(name -> delete(folder.resolve(name)));
                if (!inside.isEmpty()) {
                    delete(file); // fails unless it is empty
                }
            }
        }
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            // the error that led here has the reason
        }
    }
}
