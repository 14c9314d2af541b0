package io.github.t6j.training;

import io.github.t6j.MemoryLimitException;
import io.github.t6j.attention.AttentionConfig;
import io.github.t6j.attention.TensorRole;
import io.github.t6j.attention.grouped.GroupedQueryConfig;
import io.github.t6j.attention.tpa.steps.SteppedConfig;
import io.github.t6j.family.registry.Families;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.TensorSpec;
import io.github.t6j.training.assembly.Assembly;
import io.github.t6j.training.layers.MicroBatch;
import io.github.t6j.training.layers.OutputLayer;
import java.util.List;

/** Limits of training: longest sequences, and memory. */
final class TrainingLimits {
    private TrainingLimits() {}

    /** @throws IllegalArgumentException if an array would be too long */
    static void check(ModelConfig config, MicroBatch batch) {
        long max = (Integer.MAX_VALUE - 8) / widest(config);
        TrainingOptions.check("micro-batch", batch.rows() <= max, "at most " + max + " positions",
                batch.rows() + ": accumulate the gradients of smaller micro-batches");
    }

    /** Returns the window of windowed layers; the largest int without them. */
    static int window(ModelConfig config) {
        if (config.attention() instanceof SteppedConfig sizes && sizes.steps().window() > 0) {
            return sizes.steps().window();
        }
        return config.attention() instanceof GroupedQueryConfig grouped && !grouped.options().windowed().isEmpty()
                ? grouped.options().window()
                : Integer.MAX_VALUE;
    }

    /** Returns an upper bound of the floats per position in any one array. */
    private static long widest(ModelConfig config) {
        AttentionConfig attention = config.attention();
        long heads = 4L * attention.heads() * Math.max(attention.headDim() + attention.rotatedDim(),
                attention.valueDim());
        long layer = 2L * config.sizes().width() + 2L * config.sizes().hidden()
                + (long) attention.heads() * attention.valueDim();
        return Math.max(heads, layer);
    }

    /**
     * @param rank rank of the adapters that are trained, or 0 to train all weights
     * @throws MemoryLimitException if Java's heap cannot hold the run
     */
    static void checkMemory(ModelConfig config, TrainingOptions.Batches batches, int rank) {
        long needed = memory(config, batches, rank);
        long max = Runtime.getRuntime().maxMemory();
        if (needed > max) {
            throw new MemoryLimitException(
                    "training", needed, max,
                    "give Java more heap (-Xmx), or train fewer or shorter sequences at once");
        }
    }

    /**
     * Returns the approximate memory of training on the heap in bytes; {@link Trainer#memory} documents it.
     *
     * @param rank rank of the adapters that are trained, or 0 to train all weights
     */
    static long memory(ModelConfig config, TrainingOptions.Batches batches, int rank) {
        List<TensorSpec> specs = Families.tensors(config);
        List<TensorSpec> adapted = rank == 0 ? List.of() : Assembly.adapted(specs);
        long trained = rank == 0 ? Families.parameters(config) : rank * sides(adapted);
        long attentionRows = 0;
        for (TensorSpec spec : specs) {
            boolean kept = spec.role() == TensorRole.PROJECTION || spec.role() == TensorRole.QUERY_UP
                    || spec.role() == TensorRole.KEY_VALUE_UP;
            attentionRows += kept ? spec.shape().getFirst() : 0;
        }
        ModelConfig.Sizes sizes = config.sizes();
        int rows = batches.sequences() * batches.context();
        long outputs = (long) config.attention().heads() * config.attention().valueDim();
        long layer = 2L * sizes.width() + outputs + config.attention().heads() + 2L * sizes.hidden();
        layer += config.attention() instanceof SteppedConfig ? outputs : 0; // of all heads
        long kept = sizes.layers() * layer + attentionRows + (long) rank * adapted.size();
        long shared = 3L * sizes.width() + outputs; // x, normed x, and the derivatives by it and by y
        long logits = (long) OutputLayer.rowsAtOnce(rows, sizes.vocabulary(), rank > 0) * sizes.vocabulary();
        long wide = Math.max(rows * Math.max(sizes.hidden(), attentionRows / sizes.layers()), logits);
        return 16 * trained + 4 * ((kept + shared) * rows + wide);
    }

    /** Returns the rows and columns of all matrices together. */
    private static long sides(List<TensorSpec> matrices) {
        return matrices.stream().mapToLong(spec -> spec.shape().getFirst() + spec.shape().getLast()).sum();
    }
}
