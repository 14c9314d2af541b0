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
 * A new file that is written beside another and takes its name in one step, so that whoever reads or has mapped the old
 * one is not disturbed, and a failure leaves what was there. Symbolic links are followed; what is no regular file is
 * refused; the new file has the old one's permissions. It is locked while it is written, so that the next process which
 * writes there knows what one that was killed left, and removes it.
 *
 * @param target the file that is replaced
 * @param ownerOnly whether a file that was not there before is for its owner alone
 */
public record Replacement(Path target, boolean ownerOnly) {
    private static final int MOST_LINKS = 40;
    private static final String SUFFIX = ".partial";
    /** What this process is writing: to open and close a file that it has locked would end the lock. */
    private static final Set<Path> OURS = ConcurrentHashMap.newKeySet();
    private static final Set<PosixFilePermission> OWNER = PosixFilePermissions.fromString("rw-------");

    /** What fills the new file. */
    @FunctionalInterface
    public interface Content {
        void write(FileChannel channel) throws IOException;
    }

    /**
     * Looks whether {@code file} can be replaced.
     *
     * @throws IOException if it cannot: its folder is not there or not writable, or it is no regular file
     */
    public static Replacement of(Path file, boolean ownerOnly) throws IOException {
        Path target = file.toAbsolutePath();
        for (int links = 0; Files.isSymbolicLink(target); links++) {
            if (links == MOST_LINKS) {
                throw new FileSystemLoopException(file.toString());
            }
            target = target.resolveSibling(Files.readSymbolicLink(target));
        }
        if (Files.exists(target) && !Files.isRegularFile(target)) {
            throw new FileSystemException(file.toString(), null, "expected a regular file or a new name, found "
                    + (Files.isDirectory(target) ? "a folder" : "a device, a pipe or the like"));
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

    /** Writes the new file and lets it take the name. */
    public void write(Content content) throws IOException {
        removeForgotten();
        while (!write(target.resolveSibling(prefix() + Long.toHexString(System.nanoTime()) + SUFFIX), content)) {
            // by another name
        }
    }

    /** False if another process took the new file for a forgotten one before it was locked. */
    private boolean write(Path partial, Content content) throws IOException {
        OURS.add(partial);
        try (FileChannel channel = FileChannel.open(partial, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
            if (!lock(channel) || !Files.exists(partial)) {
                return false;
            }
            restrict(partial);
            content.write(channel);
            channel.force(true);
            Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE); // still locked: no one takes it for forgotten
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
            return true; // a file system without locks: nobody can lock it, so nobody removes it
        }
    }

    private String prefix() {
        return target.getFileName() + ".t6j-";
    }

    /** Removes what processes that were killed wrote of this file. */
    private void removeForgotten() throws IOException {
        try (Stream<Path> files = Files.list(target.getParent())) {
            files.filter(this::isPartial).forEach(Replacement::removeIfForgotten);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private boolean isPartial(Path file) {
        String name = file.getFileName().toString();
        return name.startsWith(prefix()) && name.endsWith(SUFFIX) && !OURS.contains(file)
                && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
    }

    private static void removeIfForgotten(Path partial) {
        try (FileChannel channel = FileChannel.open(partial, StandardOpenOption.WRITE)) {
            if (channel.tryLock() != null) {
                Files.delete(partial);
            }
        } catch (IOException | OverlappingFileLockException e) {
            // whosever it is, it is in nobody's way
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
