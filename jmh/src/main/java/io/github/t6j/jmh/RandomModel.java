package io.github.t6j.jmh;

import io.github.t6j.RopeVariant;
import io.github.t6j.attention.AttentionConfig;
import io.github.t6j.attention.grouped.GroupedQueryConfig;
import io.github.t6j.attention.tpa.TpaConfig;
import io.github.t6j.family.ModelMetadata;
import io.github.t6j.family.VariantJson;
import io.github.t6j.family.registry.Families;
import io.github.t6j.family.t6.T6Config;
import io.github.t6j.kernels.Workers;
import io.github.t6j.kernels.choice.KernelChoice;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.NamedTensors;
import io.github.t6j.model.TensorSpec;
import io.github.t6j.model.Transformer;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * A transformer of the paper's sizes with seeded random weights, built in memory. All tensors are pieces of one block
 * of elements; packing gives each matrix its own memory, as the weights of a file would have.
 */
record RandomModel(int layers, int vocabulary, AttentionShape attention) {
    /** Number of elements that weights are taken from. */
    private static final int NUMBERS = 1 << 22;

    /** Divisor of the inputs of all matrices, so that a matrix of a quantised type is a sequence of such blocks. */
    private static final int BLOCK = 32;

    private static final float SCALE = 0.035f; // scale of uniform elements for a standard deviation of 0.02

    /**
     * Returns a model by its name: t6-small, t6-kvonly-small, mha-small, mqa-small, gqa-small: tables 9 and 10, 124 M
     * parameters.
     */
    static RandomModel of(String name) {
        return new RandomModel(12, 50304, AttentionShape.of("small", switch (name) {
            case "t6-small" -> "tpa";
            case "t6-kvonly-small" -> "tpa_kvonly";
            case "mha-small" -> "mha";
            case "mqa-small" -> "mqa";
            case "gqa-small" -> "gqa";
            default -> throw BenchmarkSupport.unknown(
                    "model", "t6-small, t6-kvonly-small, mha-small, mqa-small or gqa-small", name);
        }));
    }

    /** Packs the weights into {@code arena}. */
    Transformer load(DType dtype, Workers workers, Arena arena) {
        float[] elements = BenchmarkSupport.floats(NUMBERS, new SplittableRandom(1));
        for (int i = 0; i < NUMBERS; i++) {
            elements[i] *= SCALE;
        }
        MemorySegment block = Tensor.of("block", dtype, elements, NUMBERS / BLOCK, BLOCK).data();
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        specs().forEach(spec -> tensors.put(spec.name(), tensor(spec.name(), dtype, spec.shape(), block)));
        NamedTensors named = new NamedTensors(tensors, "random weights");
        ModelConfig model = Families.describe(named, ModelMetadata.of(config(), RopeVariant.FULL));
        return Families.load(named, model, KernelChoice.kernels(), workers, arena, (done, total) -> {});
    }

    /** Returns elements of the block, from an offset that depends on the name; the block repeats if it is too short. */
    private static Tensor tensor(String name, DType dtype, List<Long> shape, MemorySegment block) {
        long bytes = dtype.bytes(shape);
        MemorySegment data = Arena.ofAuto().allocate(bytes, 64);
        long from = Math.floorMod(name.hashCode(), NUMBERS / BLOCK / 2) * dtype.bytes(List.of(1L, (long) BLOCK));
        for (long at = 0; at < bytes;) {
            long count = Math.min(bytes - at, block.byteSize() - from);
            MemorySegment.copy(block, from, data, at, count);
            at += count;
            from = 0;
        }
        return new Tensor(name, dtype, shape, data);
    }

    /** Returns the number of weights in all blocks' matrices and in the tied embedding. */
    long matrixWeights() {
        return specs().stream().mapToLong(spec -> spec.shape().get(0) * spec.shape().get(1)).sum();
    }

    /** Returns the bytes of {@link #matrixWeights()}. */
    long matrixBytes(DType dtype) {
        return specs().stream().mapToLong(spec -> dtype.bytes(spec.shape())).sum();
    }

    /** Returns the matrices, [outputs, inputs], by their official names. */
    List<TensorSpec> specs() {
        return new T6Config(kind(), config(), VariantJson.none()).tensors();
    }

    private T6Config.Attention kind() {
        return switch (attention.attention()) {
            case "tpa" -> T6Config.Attention.TPA;
            case "tpa_kvonly" -> T6Config.Attention.TPA_KVONLY;
            default -> T6Config.Attention.GQA;
        };
    }

    /** Returns the keys of config.json. */
    private Map<String, Object> config() {
        AttentionConfig sizes = attention.sizes();
        Map<String, Object> config = new HashMap<>(Map.of(
                "n_layer", (long) layers, "n_embd", (long) attention.width(), "vocab_size", (long) vocabulary, "n_head",
                (long) sizes.heads(), "head_dim", (long) sizes.headDim()));
        if (sizes instanceof TpaConfig form) {
            config.put("rank", (long) form.keyRank());
            config.put("q_rank", (long) form.queryRank());
        } else if (sizes instanceof GroupedQueryConfig grouped) {
            config.put("group_size", (long) grouped.heads() / grouped.keyValueHeads());
        }
        return config;
    }
}
