package io.github.t6j.weights.checkpoint;

import io.github.t6j.ModelFormatException;
import io.github.t6j.weights.FileBytes;
import io.github.t6j.weights.gguf.GgufParts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Finds the file of a folder that holds its weights: the first of {@link #NAMES} that exists, in the order that Hugging
 * Face and nanoGPT prefer; otherwise the only file with an extension of weights.
 */
public final class CheckpointFiles {
    /** File names of weights and of their indexes, in order of preference. */
    public static final List<String> NAMES = List.of("model.safetensors", "model.safetensors.index.json",
            "pytorch_model.bin", "pytorch_model.bin.index.json", "ckpt.pt", "model_state_dict.pt");
    private static final List<String> ENDINGS = List.of(".safetensors", ".bin", ".pt", ".pth", ".gguf");
    /** Files with an extension of weights that training writes next to a model. */
    public static final Set<String> TRAINING_FILES =
            Set.of("optimizer.pt", "optimizer.bin", "scheduler.pt", "scaler.pt",
                    "rng_state.pth", "training_args.bin");

    private CheckpointFiles() {}

    /**
     * Returns the file, or the index, with the weights of {@code folder}.
     *
     * @throws ModelFormatException if no file or several files could be meant; the message lists the names expected or
     *     found
     * @throws java.io.UncheckedIOException if the folder cannot be read
     */
    static Path find(Path folder) {
        for (String name : NAMES) {
            Path file = folder.resolve(name);
            if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) { // a broken link is reported later, not skipped
                return file;
            }
        }
        List<Path> candidates = candidates(folder);
        if (candidates.isEmpty()) {
            throw new ModelFormatException(folder + ": no weights in this folder: expected " + String.join(", ", NAMES)
                    + " or one file *" + String.join(", *", ENDINGS));
        }
        if (candidates.size() > 1) {
            throw new ModelFormatException(folder + ": expected one file of weights, found " + String.join(", ",
                    candidates.stream().map(file -> file.getFileName().toString()).toList())
                    + ": give the path of the file to use");
        }
        return candidates.getFirst();
    }

    /** Returns true if a file is by its name a part of a GGUF model other than the first. */
    public static boolean isLaterPart(Path file) {
        return GgufParts.isLater(file.getFileName().toString());
    }

    private static List<Path> candidates(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(CheckpointFiles::mayHoldWeights)
                    .filter(file -> !isLaterPart(file)).sorted().toList();
        } catch (IOException e) {
            throw FileBytes.failed(folder, "cannot be read", e);
        }
    }

    /** Returns the only file of weights with that ending in {@code folder}; empty for none or several. */
    public static Optional<Path> only(Path folder, String ending) {
        List<Path> files = ending(folder, ending);
        return files.size() == 1 ? Optional.of(files.getFirst()) : Optional.empty();
    }

    /** Returns the weight files with that ending in {@code folder}; none if it is not a folder. */
    public static List<Path> ending(Path folder, String ending) {
        return Files.isDirectory(folder)
                ? candidates(folder).stream().filter(file -> file.toString().endsWith(ending)).toList()
                : List.of();
    }

    /** Returns true if a file's name has an ending of weights and is not a file of training. */
    public static boolean mayHoldWeights(Path file) {
        String name = file.getFileName() == null ? "" : file.getFileName().toString(); // a root has none
        return ENDINGS.stream().anyMatch(name::endsWith) && !TRAINING_FILES.contains(name);
    }
}
