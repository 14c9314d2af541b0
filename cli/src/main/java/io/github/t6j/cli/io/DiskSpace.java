package io.github.t6j.cli.io;

import io.github.t6j.cli.hub.Sizes;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;

/** Free space of a disk, which a command checks before the work whose result would not fit. */
public final class DiskSpace {
    /** Bytes for a file whose size the command does not know. */
    public static final long SMALL = 4096;

    private DiskSpace() {}

    /**
     * Checks that the disk of {@code file}, which may not exist yet, has this many free bytes.
     *
     * @throws CommandFailure if it does not
     */
    public static void check(Path file, long bytes) {
        long free = free(file);
        if (bytes > free) {
            throw new CommandFailure(file + ": expected " + Sizes.of(bytes) + " of free disk, found " + Sizes.of(free)
                    + ": free some, or choose a place on another disk");
        }
    }

    /** Returns the free bytes; the largest number if the system does not know them. */
    private static long free(Path file) {
        Path place = file.toAbsolutePath();
        while (place.getParent() != null && !Files.exists(place)) {
            place = place.getParent();
        }
        try {
            FileStore disk = Files.getFileStore(place);
            return disk.getTotalSpace() > 0 ? disk.getUsableSpace() : Long.MAX_VALUE;
        } catch (IOException e) {
            return Long.MAX_VALUE; // writing will report the error
        }
    }
}
