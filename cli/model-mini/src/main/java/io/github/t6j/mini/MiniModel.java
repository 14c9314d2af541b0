package io.github.t6j.mini;

import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/** Model of this jar, t6-mini: it writes English in the style of old novels, without much sense. */
public final class MiniModel {
    private static final List<String> FILES = List.of("config.json", "model.safetensors", "tokenizer.json");

    private MiniModel() {}

    /** Loads the model with {@link ModelOptions#defaults()}, as {@link #load(ModelOptions)} does. */
    public static Model load() {
        return load(ModelOptions.defaults());
    }

    /**
     * Loads the model through 15 MB of files in the temporary folder, which are deleted when this method returns.
     *
     * @throws UncheckedIOException if the temporary folder cannot be written
     * @throws io.github.t6j.MemoryLimitException if the machine has too little memory for the weights
     * @throws java.util.concurrent.CancellationException if the thread is interrupted; its interrupt status stays set
     */
    public static Model load(ModelOptions options) {
        Objects.requireNonNull(options, "options");
        try {
            Path folder = Files.createTempDirectory("t6j-mini");
            try {
                for (String name : FILES) {
                    copy(name, folder);
                }
                return Model.load(folder, options); // which no longer needs the files after that
            } finally {
                for (String name : FILES) {
                    Files.deleteIfExists(folder.resolve(name));
                }
                Files.delete(folder);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("t6-mini: expected 15 MB of free space in the temporary folder: " + e, e);
        }
    }

    private static void copy(String name, Path folder) throws IOException {
        try (InputStream file = MiniModel.class.getResourceAsStream("t6-mini/" + name)) {
            if (file == null) {
                throw new IOException("t6-mini/" + name + " is missing in the jar of t6j-model-mini");
            }
            Files.copy(file, folder.resolve(name));
        }
    }
}
