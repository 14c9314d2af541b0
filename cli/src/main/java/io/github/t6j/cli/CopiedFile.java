package io.github.t6j.cli;

import io.github.t6j.weights.SmallFile;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A file of a model's folder that another model gets as it is. A link may lead to a file in the folder, or in the blobs of
 * the Hugging Face repository that the folder is a snapshot of, or in one: models--NAME/snapshots/REVISION/FILE →
 * ../../blobs/HASH. Any other could bring a file of this machine into a model that is given away.
 */
final class CopiedFile {
    private CopiedFile() {}

    /** @throws CommandFailure if the file of that name is somewhere else, or is none */
    static byte[] read(Path folder, String name, int longest) {
        Path file = folder.resolve(name);
        byte[] bytes = SmallFile.read(file, longest);
        try {
            Path home = folder.toRealPath();
            Path real = file.toRealPath();
            if (!real.startsWith(home) && !isBlob(real, home)) {
                throw new CommandFailure(file + ": expected a file in this folder or in the blobs of its Hugging Face "
                        + "repository, found a link to " + real + ": put a copy in its place");
            }
            return bytes;
        } catch (IOException e) {
            throw Errors.failure(file, "cannot be read", e);
        }
    }

    private static boolean isBlob(Path real, Path home) {
        for (Path at = home; at.getParent() != null; at = at.getParent()) {
            Path snapshots = at.getParent();
            Path repository = snapshots.getParent();
            if (snapshots.endsWith("snapshots") && repository != null && repository.getFileName() != null
                    && repository.getFileName().toString().startsWith("models--")) {
                return real.startsWith(repository.resolve("blobs"));
            }
        }
        return false;
    }
}
