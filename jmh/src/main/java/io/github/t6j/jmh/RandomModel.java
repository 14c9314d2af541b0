package io.github.t6j.jmh;

import io.github.t6j.kernels.KernelChoice;
import io.github.t6j.kernels.Workers;
import io.github.t6j.model.Transformer;
import io.github.t6j.model.TransformerLoader;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * A transformer of the paper's sizes with seeded numbers for weights, made in memory. All tensors are pieces of one block
 * of elements; packing gives each matrix memory of its own, as a file's weights would have.
 */
record RandomModel(int layers, int vocabulary, AttentionShape attention) {
    /** Elements that weights are taken from. */
    private static final int NUMBERS = 1 << 22;

    /** Inputs of all matrices are a multiple of it, so that a matrix of a quantised type is any such blocks in a row. */
    private static final int BLOCK = 32;

    private static final float SCALE = 0.035f; // of uniform elements, whose standard deviation is then 0.02

    /** A model by its name: t6-small, t6-kvonly-small, mha-small, mqa-small, gqa-small: tables 9 and 10, 124 M parameters. */
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
        shapes().forEach((name, shape) -> tensors.put(name, tensor(name, dtype, shape, block)));
        Map<String, Object> config = Map.of(
                "n_head", (long) attention.heads(), "head_dim", (long) attention.headDim(), "rank",
                (long) attention.rank(), "q_rank", (long) attention.queryRank());
        return TransformerLoader.load(
                tensors, TransformerLoader.describe(tensors, config, "full", "random weights"), "random weights",
                KernelChoice.kernels(), workers, arena);
    }

    /** The block's elements from a place that the name says, over and over where they do not suffice. */
    private static Tensor tensor(String name, DType dtype, long[] shape, MemorySegment block) {
        long bytes = dtype.bytes(List.of(shape[0], shape[1]));
        MemorySegment data = Arena.ofAuto().allocate(bytes, 64);
        long from = Math.floorMod(name.hashCode(), NUMBERS / BLOCK / 2) * dtype.bytes(List.of(1L, (long) BLOCK));
        for (long at = 0; at < bytes;) {
            long count = Math.min(bytes - at, block.byteSize() - from);
            MemorySegment.copy(block, from, data, at, count);
            at += count;
            from = 0;
        }
        return new Tensor(name, dtype, List.of(shape[0], shape[1]), data);
    }

    /** Weights of all blocks' matrices and of the tied embedding. */
    long matrixWeights() {
        return shapes().values().stream().mapToLong(shape -> shape[0] * shape[1]).sum();
    }

    /** Bytes of {@link #matrixWeights()}. */
    long matrixBytes(DType dtype) {
        return shapes().values().stream().mapToLong(shape -> dtype.bytes(List.of(shape[0], shape[1]))).sum();
    }

    /** [outputs, inputs] by the official names. */
    Map<String, long[]> shapes() {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        long width = attention.width();
        long hidden = 8 * width / 3;
        long headElements = (long) attention.heads() * attention.headDim();
        for (int layer = 0; layer < layers; layer++) {
            String block = "transformer.h." + layer + ".";
            projections(block + "attn.", headElements, shapes);
            shapes.put(block + "attn.c_proj.weight", new long[] {width, headElements});
            shapes.put(block + "mlp.c_fc1.weight", new long[] {hidden, width});
            shapes.put(block + "mlp.c_fc2.weight", new long[] {hidden, width});
            shapes.put(block + "mlp.c_proj.weight", new long[] {width, hidden});
        }
        shapes.put("lm_head.weight", new long[] {vocabulary, width});
        return shapes;
    }

    private void projections(String attn, long headElements, Map<String, long[]> shapes) {
        long width = attention.width();
        if (attention.rank() == 0) {
            long keyElements = (long) attention.keyValueHeads() * attention.headDim();
            shapes.put(attn + "c_q.weight", new long[] {headElements, width});
            shapes.put(attn + "c_k.weight", new long[] {keyElements, width});
            shapes.put(attn + "c_v.weight", new long[] {keyElements, width});
            return;
        }
        if (attention.queryRank() == 0) {
            shapes.put(attn + "c_qkv.c_q.weight", new long[] {headElements, width});
        } else {
            factors(attn, "q", attention.queryRank(), shapes);
        }
        factors(attn, "k", attention.rank(), shapes);
        factors(attn, "v", attention.rank(), shapes);
    }

    private void factors(String attn, String of, long rank, Map<String, long[]> shapes) {
        shapes.put(attn + "c_qkv.W_A_" + of + ".weight", new long[] {rank * attention.heads(), attention.width()});
        shapes.put(attn + "c_qkv.W_B_" + of + ".weight", new long[] {rank * attention.headDim(), attention.width()});
    }
}
