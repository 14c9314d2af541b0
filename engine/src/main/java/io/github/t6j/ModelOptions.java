package io.github.t6j;

import java.nio.file.Path;

/**
 * How a model is loaded.
 *
 * @param load whether the files are copied or mapped
 * @param threads threads that compute, the calling one included; 0: one per core
 * @param variant what the files cannot say, or null: what {@code t6j.json} and config.json say
 * @param tokenizer the folder or tokenizer.json of a tokenizer, or null: the model's own
 */
public record ModelOptions(Load load, int threads, RopeVariant variant, Path tokenizer) {

    /**
     * How weights come from their files. They are packed for the kernels either way, so a loaded model no longer needs
     * its files.
     */
    public enum Load {
        /** Read into memory first: whatever happens to the files meanwhile, what is packed is what was read. */
        COPY,
        /** Packed straight from the mapped files: spares a copy; files must not change until the model is loaded. */
        MMAP
    }

    /** @throws IllegalArgumentException if {@code threads} is negative */
    public ModelOptions {
        if (threads < 0) {
            throw new IllegalArgumentException("threads: expected 0 (one per core) or more, found " + threads);
        }
    }

    /** Of the model's own tokenizer. */
    public ModelOptions(Load load, int threads, RopeVariant variant) {
        this(load, threads, variant, null);
    }

    /** Copied, on all cores, with the variant that the files say. */
    public static ModelOptions defaults() {
        return new ModelOptions(Load.COPY, 0, null);
    }

    /** These options with another way of loading. */
    public ModelOptions withLoad(Load newLoad) {
        return new ModelOptions(newLoad, threads, variant, tokenizer);
    }

    /** These options with another number of threads. */
    public ModelOptions withThreads(int newThreads) {
        return new ModelOptions(load, newThreads, variant, tokenizer);
    }

    /** These options with another variant. */
    public ModelOptions withVariant(RopeVariant newVariant) {
        return new ModelOptions(load, threads, newVariant, tokenizer);
    }

    /** These options with another tokenizer. */
    public ModelOptions withTokenizer(Path newTokenizer) {
        return new ModelOptions(load, threads, variant, newTokenizer);
    }
}
