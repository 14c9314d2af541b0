package io.github.t6j;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.BooleanSupplier;

/** Options for loading a model, immutable: {@link #defaults} and the methods that change one of them in a copy. */
public final class ModelOptions {
    private final Values values;

    private record Values(
            Load load, int threads, RopeVariant variant, Path tokenizer, Instant deadline, Duration timeout,
            BooleanSupplier cancellation, WeightType weightType, LoadListener progress, long memoryBudget,
            List<Adapter> adapters) {
        Values {
            if (threads < 0) {
                throw new IllegalArgumentException("threads: expected 0 (one per core) or more, found " + threads);
            }
            if (memoryBudget < 0) {
                throw new IllegalArgumentException(
                        "memoryBudget: expected 0 (no budget) or more bytes, found " + memoryBudget);
            }
        }
    }

    private ModelOptions(Values values) {
        this.values = values;
    }

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

    /**
     * An adapter of {@link #withAdapter}.
     *
     * @param folder folder with adapter_config.json and adapter_model.safetensors
     * @param scale factor beside that of the adapter's configuration
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
        return new ModelOptions(new Values(Load.COPY, 0, null, null, null, null, null, null, null, 0, List.of()));
    }

    /** Returns the method of reading weights. */
    public Load load() {
        return values.load;
    }

    /** Returns the number of threads that compute, including the calling one; 0 for one per core. */
    public int threads() {
        return values.threads;
    }

    /** Returns the RoPE variant of files that do not determine it, or null to use {@code t6j.json} and config.json. */
    public RopeVariant variant() {
        return values.variant;
    }

    /** Returns the folder, tokenizer.json or GGUF file of another tokenizer, or null for the model's own. */
    public Path tokenizer() {
        return values.tokenizer;
    }

    /** Returns the time at which loading ends, or null for none. */
    public Instant deadline() {
        return values.deadline;
    }

    /** Returns the longest time that loading takes, or null for no limit. */
    public Duration timeout() {
        return values.timeout;
    }

    /** Returns the function that ends loading once it returns true, or null for none. */
    public BooleanSupplier cancellation() {
        return values.cancellation;
    }

    /** Returns the type of the matrices in memory, or null for that of the files. */
    public WeightType weightType() {
        return values.weightType;
    }

    /** Returns the listener to the progress of loading, or null for none. */
    public LoadListener progress() {
        return values.progress;
    }

    /** Returns the most bytes of the caches of all sessions together, or 0 for what the machine has. */
    public long memoryBudget() {
        return values.memoryBudget;
    }

    /** Returns the adapters that loading adds to the weights, in this order. */
    public List<Adapter> adapters() {
        return values.adapters;
    }

    /** Returns these options with another method of reading weights. */
    public ModelOptions withLoad(Load load) {
        Objects.requireNonNull(load, "load");
        return new ModelOptions(new Values(
                load, values.threads, values.variant, values.tokenizer, values.deadline, values.timeout,
                values.cancellation, values.weightType, values.progress, values.memoryBudget, values.adapters));
    }

    /**
     * Returns these options with another number of threads; 0 for one per core.
     *
     * @throws IllegalArgumentException if {@code threads} is negative
     */
    public ModelOptions withThreads(int threads) {
        return new ModelOptions(new Values(
                values.load, threads, values.variant, values.tokenizer, values.deadline, values.timeout,
                values.cancellation, values.weightType, values.progress, values.memoryBudget, values.adapters));
    }

    /** Returns these options with another variant; null to use {@code t6j.json} and config.json. */
    public ModelOptions withVariant(RopeVariant variant) {
        return new ModelOptions(new Values(
                values.load, values.threads, variant, values.tokenizer, values.deadline, values.timeout,
                values.cancellation, values.weightType, values.progress, values.memoryBudget, values.adapters));
    }

    /** Returns these options with another tokenizer; null for the model's own. */
    public ModelOptions withTokenizer(Path tokenizer) {
        return new ModelOptions(new Values(
                values.load, values.threads, values.variant, tokenizer, values.deadline, values.timeout,
                values.cancellation, values.weightType, values.progress, values.memoryBudget, values.adapters));
    }

    /**
     * Returns these options with another deadline; null for none. Past it, loading ends with a CancellationException
     * before the next rows of a matrix.
     */
    public ModelOptions withDeadline(Instant deadline) {
        return new ModelOptions(new Values(
                values.load, values.threads, values.variant, values.tokenizer, deadline, values.timeout,
                values.cancellation, values.weightType, values.progress, values.memoryBudget, values.adapters));
    }

    /** Returns these options with another timeout; null for none. The earlier of deadline and timeout counts. */
    public ModelOptions withTimeout(Duration timeout) {
        return new ModelOptions(new Values(
                values.load, values.threads, values.variant, values.tokenizer, values.deadline, timeout,
                values.cancellation, values.weightType, values.progress, values.memoryBudget, values.adapters));
    }

    /**
     * Returns these options with a function that ends loading with a CancellationException once it returns true; null
     * for none. The loading thread calls it often, between rows of matrices.
     */
    public ModelOptions withCancellation(BooleanSupplier cancellation) {
        return new ModelOptions(new Values(
                values.load, values.threads, values.variant, values.tokenizer, values.deadline, values.timeout,
                cancellation, values.weightType, values.progress, values.memoryBudget, values.adapters));
    }

    /**
     * Returns these options with another type of the matrices, to which loading rounds them; null for that of the files.
     * The model equals one that {@code t6j convert --dtype} wrote, bit for bit, and takes as much memory. F16 weights
     * are F32 in memory.
     */
    public ModelOptions withWeightType(WeightType weightType) {
        return new ModelOptions(new Values(
                values.load, values.threads, values.variant, values.tokenizer, values.deadline, values.timeout,
                values.cancellation, weightType, values.progress, values.memoryBudget, values.adapters));
    }

    /** Returns these options with another listener to the progress of loading; null for none. */
    public ModelOptions withProgress(LoadListener progress) {
        return new ModelOptions(new Values(
                values.load, values.threads, values.variant, values.tokenizer, values.deadline, values.timeout,
                values.cancellation, values.weightType, progress, values.memoryBudget, values.adapters));
    }

    /**
     * Returns these options with another memory budget, of all sessions of the model together; 0 for what the machine has.
     * It counts the bytes allocated for their caches ({@link Model#cacheBytes}), not the weights and
     * {@link Model#sharedBytes}. What exceeds it fails with a {@link MemoryLimitException}: a session that is opened with
     * a longer context than is left, and a call whose ids make a cache grow; the ids of its earlier passes stay fed.
     *
     * @throws IllegalArgumentException if {@code memoryBudget} is negative
     */
    public ModelOptions withMemoryBudget(long memoryBudget) {
        return new ModelOptions(new Values(
                values.load, values.threads, values.variant, values.tokenizer, values.deadline, values.timeout,
                values.cancellation, values.weightType, values.progress, memoryBudget, values.adapters));
    }

    /**
     * Returns these options with one more adapter, LoRA in the files of Hugging Face's PEFT. Loading adds scale · B · A to
     * each matrix that the adapter changes, before it rounds the matrix to its type. A loaded model is as fast and as
     * large as one without adapters.
     *
     * @param folder folder with adapter_config.json and adapter_model.safetensors
     * @param scale factor beside alpha / rank of the adapter's configuration; 1 for the adapter as it was trained
     * @throws IllegalArgumentException if {@code scale} is NaN or infinite
     */
    public ModelOptions withAdapter(Path folder, float scale) {
        List<Adapter> more = new ArrayList<>(values.adapters);
        more.add(new Adapter(folder, scale));
        return new ModelOptions(new Values(
                values.load, values.threads, values.variant, values.tokenizer, values.deadline, values.timeout,
                values.cancellation, values.weightType, values.progress, values.memoryBudget, List.copyOf(more)));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ModelOptions options && values.equals(options.values);
    }

    @Override
    public int hashCode() {
        return values.hashCode();
    }

    @Override
    public String toString() {
        return values.toString().replaceFirst("Values", "ModelOptions");
    }
}
