package io.github.t6j;

import java.nio.file.Path;

/**
 * Options for loading a model.
 *
 * @param load copies or maps the files
 * @param threads number of threads that compute, including the calling one; 0 for one per core
 * @param variant RoPE variant if the files do not determine it, or null to use {@code t6j.json} and config.json
 * @param tokenizer folder or tokenizer.json of another tokenizer, or null for the model's own
 */
public record ModelOptions(Load load, int threads, RopeVariant variant, Path tokenizer) {

    /**
     * Method of reading weights. They are packed for the kernels either way, so a loaded model no longer needs its
     * files.
     */
    public enum Load {
        /** Reads the files into memory first, so that changes of the files while loading have no effect. */
        COPY,
        /**
         * Packs directly from the mapped files, which saves a copy; the files must not change until the model is
         * loaded.
         */
        MMAP
    }

    /** @throws IllegalArgumentException if {@code threads} is negative */
    public ModelOptions {
        if (threads < 0) {
            throw new IllegalArgumentException("threads: expected 0 (one per core) or more, found " + threads);
        }
    }

    /** Creates options with the model's own tokenizer. */
    public ModelOptions(Load load, int threads, RopeVariant variant) {
        this(load, threads, variant, null);
    }

    /** Returns the defaults: files are copied, all cores, the variant of the files, the model's own tokenizer. */
    public static ModelOptions defaults() {
        return new ModelOptions(Load.COPY, 0, null);
    }

    /** Returns these options with another method of reading weights. */
    public ModelOptions withLoad(Load newLoad) {
        return new ModelOptions(newLoad, threads, variant, tokenizer);
    }

    /** Returns these options with another number of threads. */
    public ModelOptions withThreads(int newThreads) {
        return new ModelOptions(load, newThreads, variant, tokenizer);
    }

    /** Returns these options with another variant. */
    public ModelOptions withVariant(RopeVariant newVariant) {
        return new ModelOptions(load, threads, newVariant, tokenizer);
    }

    /** Returns these options with another tokenizer. */
    public ModelOptions withTokenizer(Path newTokenizer) {
        return new ModelOptions(load, threads, variant, newTokenizer);
    }
}
