package io.github.t6j.weights;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * New file that is written next to an existing one and renamed over it in one step. Readers and mappings of the old
 * file are not disturbed, and a failure leaves it unchanged. Symbolic links are followed, targets that are not regular
 * files are refused, and the new file gets the permissions of the old one. The new file is locked while it is written,
 * so the next process that writes to the same target recognises and removes the remains of a killed process.
 *
 * @param target the file to replace
 * @param ownerOnly true if only the owner may read the file, if it did not exist before
 */
public record Replacement(Path target, boolean ownerOnly) {
    /** End of the name of a file that is being written. */
    public static final String SUFFIX = ".partial";

    private static final int MAX_LINKS = 40;
    /** Files that this process is writing. Opening and closing a file that it has locked would release the lock. */
    private static final Set<Path> OURS = ConcurrentHashMap.newKeySet();
    private static final Set<PosixFilePermission> OWNER = PosixFilePermissions.fromString("rw-------");

    /** Writes the content of the new file. */
    @FunctionalInterface
    public interface Content {
        void write(FileChannel channel) throws IOException;
    }

    /**
     * Checks that {@code file} can be replaced.
     *
     * @throws IOException if its folder is missing or not writable, or it is not a regular file
     */
    public static Replacement of(Path file, boolean ownerOnly) throws IOException {
        Path target = file.toAbsolutePath();
        for (int links = 0; Files.isSymbolicLink(target); links++) {
            if (links == MAX_LINKS) {
                throw new FileSystemLoopException(file.toString());
            }
            target = target.resolveSibling(Files.readSymbolicLink(target));
        }
        if (Files.exists(target) && !Files.isRegularFile(target)) {
            throw new FileSystemException(file.toString(), null, "expected a regular file or a new name, found "
                    + (Files.isDirectory(target) ? "a folder" : "a device, a pipe or another special file"));
        }
        Path folder = target.getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            throw new NoSuchFileException(file.toString());
        }
        if (!Files.isWritable(folder)) {
            throw new AccessDeniedException(file.toString());
        }
        return new Replacement(target, ownerOnly);
    }

    /** Writes the new file and renames it to the target. */
    public void write(Content content) throws IOException {
        removeAbandoned();
        while (!write(target.resolveSibling(prefix() + Long.toHexString(System.nanoTime()) + SUFFIX), content)) {
            // by another name
        }
    }

    /** Returns false if another process removed the new file as abandoned before it was locked. */
    private boolean write(Path partial, Content content) throws IOException {
        OURS.add(partial);
        try (FileChannel channel = FileChannel.open(partial, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
            if (!lock(channel) || !Files.exists(partial)) {
                return false;
            }
            restrict(partial);
            content.write(channel);
            channel.force(true);
            Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE); // still locked, so no process removes it
            return true;
        } finally {
            Files.deleteIfExists(partial);
            OURS.remove(partial);
        }
    }

    private static boolean lock(FileChannel channel) {
        try {
            return channel.tryLock() != null;
        } catch (IOException e) {
            return true; // the file system has no locks, so no other process can lock the file and remove it
        }
    }

    private String prefix() {
        return target.getFileName() + ".t6j-";
    }

    /** Removes partial copies of this file that killed processes left. */
    private void removeAbandoned() throws IOException {
        try (Stream<Path> files = Files.list(target.getParent())) {
            files.filter(this::isPartial).forEach(Replacement::removeIfAbandoned);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private boolean isPartial(Path file) {
        String name = file.getFileName().toString();
        return name.startsWith(prefix()) && name.endsWith(SUFFIX) && !OURS.contains(file)
                && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
    }

    private static void removeIfAbandoned(Path partial) {
        try (FileChannel channel = FileChannel.open(partial, StandardOpenOption.WRITE)) {
            if (channel.tryLock() != null) {
                Files.delete(partial);
            }
        } catch (IOException | OverlappingFileLockException e) {
            // another process may still write the file, and it does no harm
        }
    }

    private void restrict(Path partial) throws IOException {
        PosixFileAttributeView view = Files.getFileAttributeView(partial, PosixFileAttributeView.class);
        if (view != null && Files.exists(target)) {
            view.setPermissions(Files.getPosixFilePermissions(target));
        } else if (view != null && ownerOnly) {
            view.setPermissions(OWNER);
        }
    }
}
