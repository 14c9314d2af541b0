package io.github.t6j;

import io.github.t6j.tokenizer.Tokenizer;
import java.nio.file.Path;

/** A model in memory; safe for use by several threads, each with sessions of its own. */
public final class Model implements AutoCloseable {
    private Model() {}

    /** {@link #load(Path, ModelOptions)} with {@link ModelOptions#defaults()}. */
    public static Model load(Path path) {
        return load(path, ModelOptions.defaults());
    }

    /**
     * Loads the model in {@code path}: a folder in Hugging Face layout (config.json with model.safetensors,
     * pytorch_model.bin, or shards of either with their index).
     *
     * @throws ModelFormatException when the files are not those of a model that this engine runs; the message says
     *     what is wrong and what to do
     * @throws java.io.UncheckedIOException when a file cannot be read
     */
    public static Model load(Path path, ModelOptions options) {
        throw new UnsupportedOperationException();
    }

    /** What this model is. */
    public ModelInfo info() {
        throw new UnsupportedOperationException();
    }

    /** Whether the model's folder has a tokenizer. */
    public boolean hasTokenizer() {
        throw new UnsupportedOperationException();
    }

    /**
     * The model's tokenizer.
     *
     * @throws ModelFormatException when its folder has none; the message says which files would be one
     */
    public Tokenizer tokenizer() {
        throw new UnsupportedOperationException();
    }

    /** A session with {@link SessionOptions#defaults()}. */
    public Session newSession() {
        return newSession(SessionOptions.defaults());
    }

    /** An empty session: a cache of its own, and the buffers to fill it. */
    public Session newSession(SessionOptions options) {
        throw new UnsupportedOperationException();
    }

    /** Frees the weights; sessions of this model must be closed before. */
    @Override
    public void close() {}
}
