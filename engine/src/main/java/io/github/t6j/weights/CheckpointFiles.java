package io.github.t6j.weights;

import io.github.t6j.ModelFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Which of a folder's files has the weights: the first of those names that is there, in the order in which Hugging Face
 * and nanoGPT prefer them; otherwise the only file that has an ending of weights.
 */
public final class CheckpointFiles {
    /** Names of weights, and of indexes of them; the first that is there counts. */
    public static final List<String> NAMES = List.of("model.safetensors", "model.safetensors.index.json",
            "pytorch_model.bin", "pytorch_model.bin.index.json", "ckpt.pt", "model_state_dict.pt");
    private static final List<String> ENDINGS = List.of(".safetensors", ".bin", ".pt", ".pth", ".gguf");
    /** What training leaves beside a model. */
    public static final Set<String> NO_WEIGHTS = Set.of("optimizer.pt", "optimizer.bin", "scheduler.pt", "scaler.pt",
            "rng_state.pth", "training_args.bin");

    private CheckpointFiles() {}

    /**
     * The file, or index, with the weights of {@code folder}.
     *
     * @throws ModelFormatException when there is none or no saying which; the message lists what was looked for or
     *     found
     * @throws java.io.UncheckedIOException when the folder cannot be read
     */
    static Path find(Path folder) {
        for (String name : NAMES) {
            Path file = folder.resolve(name);
            if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) { // a broken link is named later, not passed over
                return file;
            }
        }
        List<Path> others = others(folder);
        if (others.isEmpty()) {
            throw new ModelFormatException(folder + ": no weights in this folder: expected " + String.join(", ", NAMES)
                    + " or one file *" + String.join(", *", ENDINGS));
        }
        if (others.size() > 1) {
            throw new ModelFormatException(folder + ": expected one file of weights, found " + String.join(", ",
                    others.stream().map(file -> file.getFileName().toString()).toList())
                    + ": give the path of the one that you mean");
        }
        return others.getFirst();
    }

    private static List<Path> others(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(CheckpointFiles::mayHoldWeights).sorted().toList();
        } catch (IOException e) {
            throw FileBytes.failed(folder, "cannot be read", e);
        }
    }

    /** Files of weights with that ending in {@code folder}; none if it is no folder. */
    public static List<Path> ending(Path folder, String ending) {
        return Files.isDirectory(folder)
                ? others(folder).stream().filter(file -> file.toString().endsWith(ending)).toList()
                : List.of();
    }

    /** Returns whether a file's name has an ending of weights, and is none that training leaves beside them. */
    public static boolean mayHoldWeights(Path file) {
        String name = file.getFileName().toString();
        return ENDINGS.stream().anyMatch(name::endsWith) && !NO_WEIGHTS.contains(name);
    }
}
