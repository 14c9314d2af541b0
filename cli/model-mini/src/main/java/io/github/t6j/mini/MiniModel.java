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

/** The model of this jar, t6-mini: it writes English in the style of old novels, without much sense. */
public final class MiniModel {
    private static final List<String> FILES = List.of("config.json", "model.safetensors", "tokenizer.json");

    private MiniModel() {}

    /** {@link #load(ModelOptions)} with {@link ModelOptions#defaults()}. */
    public static Model load() {
        return load(ModelOptions.defaults());
    }

    /**
     * Loads the model, by way of 15 MB in the temporary folder that are gone when this returns.
     *
     * @throws UncheckedIOException when the temporary folder cannot be written
     * @throws io.github.t6j.MemoryLimitException when the machine has not enough memory for the weights
     * @throws java.util.concurrent.CancellationException when the thread is interrupted, which stays set
     */
    public static Model load(ModelOptions options) {
        Objects.requireNonNull(options, "options");
        try {
            Path folder = Files.createTempDirectory("t6j-mini");
            try {
                for (String name : FILES) {
                    copy(name, folder);
                }
                return Model.load(folder, options); // which needs the files no longer
            } finally {
                for (String name : FILES) {
                    Files.deleteIfExists(folder.resolve(name));
                }
                Files.delete(folder);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the model of the jar needs 15 MB in the temporary folder: " + e, e);
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
