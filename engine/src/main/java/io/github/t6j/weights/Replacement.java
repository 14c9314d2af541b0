package io.github.t6j.weights;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * A new file that is written beside another and takes its name in one step, so that whoever reads or has mapped the old
 * one is not disturbed, and a failure leaves what was there. Symbolic links are followed; what is no regular file is
 * refused; the new file has the old one's permissions.
 *
 * @param target the file that is replaced
 * @param ownerOnly whether a file that was not there before is for its owner alone
 */
record Replacement(Path target, boolean ownerOnly) {
    private static final int MOST_LINKS = 40;
    private static final Set<PosixFilePermission> OWNER = PosixFilePermissions.fromString("rw-------");

    /** What fills the new file. */
    @FunctionalInterface
    interface Content {
        void write(FileChannel channel) throws IOException;
    }

    /**
     * Looks whether {@code file} can be replaced.
     *
     * @throws IOException if it cannot: its folder is not there or not writable, or it is no regular file
     */
    static Replacement of(Path file, boolean ownerOnly) throws IOException {
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
    void write(Content content) throws IOException {
        Path partial =
                target.resolveSibling(target.getFileName() + "." + Long.toHexString(System.nanoTime()) + ".partial");
        try {
            try (FileChannel channel =
                    FileChannel.open(partial, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
                restrict(partial);
                content.write(channel);
                channel.force(true);
            }
            Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(partial);
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
