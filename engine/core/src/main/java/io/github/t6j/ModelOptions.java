package io.github.t6j;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * Options for loading a model: {@link #defaults} and the methods that change one of them in a copy.
 *
 * @param load method of reading weights
 * @param threads number of threads that compute, including the calling one; 0 for one per core
 * @param variant RoPE variant of files that do not determine it, or null to use {@code t6j.json} and config.json
 * @param tokenizer folder, tokenizer.json or GGUF file of another tokenizer, or null for the model's own
 * @param weightType type of the matrices in memory, or null for the type in the files
 * @param adapters adapters that loading adds to the weights, in this order
 * @param memoryBudget maximum number of bytes of the caches of all sessions together, or 0 for the machine's memory
 * @param progress listener to the progress of loading, or null for none
 * @param call time limits and cancellation of loading, which apply between rows of matrices
 * @param kernels kernels that compute, or null for the fastest in Java
 */
public record ModelOptions(
        Load load, int threads, RopeVariant variant, Path tokenizer, WeightType weightType, List<Adapter> adapters,
        long memoryBudget, LoadListener progress, CallOptions call, ComputeKernels kernels) {
    private static final ModelOptions DEFAULTS =
            new ModelOptions(Load.COPY, 0, null, null, null, List.of(), 0, null, CallOptions.defaults(), null);

    /** @throws IllegalArgumentException if {@code threads} or {@code memoryBudget} is negative */
    public ModelOptions {
        Objects.requireNonNull(load, "load");
        Objects.requireNonNull(call, "call");
        if (threads < 0) {
            throw new IllegalArgumentException("threads: expected 0 (one per core) or more, found " + threads);
        }
        if (memoryBudget < 0) {
            throw new IllegalArgumentException(
                    "memoryBudget: expected 0 (no budget) or more bytes, found " + memoryBudget);
        }
        adapters = List.copyOf(Objects.requireNonNull(adapters, "adapters"));
    }

    /**
     * Method of reading weights. They are packed for the kernels either way, so a loaded model no longer needs its
     * files.
     */
    public enum Load {
        /** Reads the files into memory first, so that changes of the files while loading have no effect. */
        COPY,
        /** Packs directly from the mapped files, which saves a copy; they must not change until the model is loaded. */
        MMAP
    }

    /**
     * An adapter of {@link #withAdapter}.
     *
     * @param folder folder with adapter_config.json and adapter_model.safetensors
     * @param scale factor that multiplies the one of the adapter's configuration
     */
    public record Adapter(Path folder, float scale) {
        /** @throws IllegalArgumentException if {@code scale} is NaN or infinite */
        public Adapter {
            Objects.requireNonNull(folder, "folder");
            if (!Float.isFinite(scale)) {
                throw new IllegalArgumentException("scale: expected a finite number, found " + scale);
            }
        }
    }

    /** Returns the defaults: files are copied, all cores, the variant of the files, the model's own tokenizer. */
    public static ModelOptions defaults() {
        return DEFAULTS;
    }

    /** Returns these options with another method of reading weights. */
    public ModelOptions withLoad(Load load) {
        return new ModelOptions(
                load, threads, variant, tokenizer, weightType, adapters, memoryBudget, progress, call, kernels);
    }

    /**
     * Returns these options with another number of threads; 0 for one per core.
     *
     * @throws IllegalArgumentException if {@code threads} is negative
     */
    public ModelOptions withThreads(int threads) {
        return new ModelOptions(
                load, threads, variant, tokenizer, weightType, adapters, memoryBudget, progress, call, kernels);
    }

    /** Returns these options with another variant; null to use {@code t6j.json} and config.json. */
    public ModelOptions withVariant(RopeVariant variant) {
        return new ModelOptions(
                load, threads, variant, tokenizer, weightType, adapters, memoryBudget, progress, call, kernels);
    }

    /** Returns these options with another tokenizer; null for the model's own. */
    public ModelOptions withTokenizer(Path tokenizer) {
        return new ModelOptions(
                load, threads, variant, tokenizer, weightType, adapters, memoryBudget, progress, call, kernels);
    }

    /**
     * Returns these options with another type of the matrices, to which loading rounds them; null for the type in the
     * files. The model equals one that {@code t6j convert --dtype} wrote, bit for bit, and takes as much memory. F16
     * weights are F32 in memory.
     */
    public ModelOptions withWeightType(WeightType weightType) {
        return new ModelOptions(
                load, threads, variant, tokenizer, weightType, adapters, memoryBudget, progress, call, kernels);
    }

    /**
     * Returns these options with one more adapter, LoRA in the files of Hugging Face's PEFT. Loading adds scale · B · A
     * to each matrix that the adapter changes, before it rounds the matrix to its type. A loaded model is as fast and
     * as large as one without adapters.
     *
     * @param folder folder with adapter_config.json and adapter_model.safetensors
     * @param scale factor that multiplies alpha / rank of the adapter's configuration; 1 for the adapter as trained
     * @throws IllegalArgumentException if {@code scale} is NaN or infinite
     */
    public ModelOptions withAdapter(Path folder, float scale) {
        List<Adapter> more = Stream.concat(adapters.stream(), Stream.of(new Adapter(folder, scale))).toList();
        return new ModelOptions(load, threads, variant, tokenizer, weightType, more, memoryBudget, progress, call,
                kernels);
    }

    /**
     * Returns these options with another memory budget for the caches of all sessions together
     * ({@link Model#cacheBytes}); 0 for the machine's memory. It counts neither the weights nor
     * {@link Model#sharedBytes}. Opening a session with a longer context than the budget has left throws a
     * {@link MemoryLimitException}, and so does a call that makes a cache outgrow it; the ids of its earlier passes
     * stay fed.
     *
     * @throws IllegalArgumentException if {@code memoryBudget} is negative
     */
    public ModelOptions withMemoryBudget(long memoryBudget) {
        return new ModelOptions(
                load, threads, variant, tokenizer, weightType, adapters, memoryBudget, progress, call, kernels);
    }

    /** Returns these options with another listener to the progress of loading; null for none. */
    public ModelOptions withProgress(LoadListener progress) {
        return new ModelOptions(
                load, threads, variant, tokenizer, weightType, adapters, memoryBudget, progress, call, kernels);
    }

    /** Returns these options with other time limits and cancellation of loading. */
    public ModelOptions withCall(CallOptions call) {
        return new ModelOptions(
                load, threads, variant, tokenizer, weightType, adapters, memoryBudget, progress, call, kernels);
    }

    /**
     * Returns these options with other kernels; null for the fastest in Java. They change no bit of a result, and serve
     * only this model: a {@link io.github.t6j.flashtpa.FlashTpa} and training have kernels of their own.
     */
    public ModelOptions withKernels(ComputeKernels kernels) {
        return new ModelOptions(
                load, threads, variant, tokenizer, weightType, adapters, memoryBudget, progress, call, kernels);
    }
}
