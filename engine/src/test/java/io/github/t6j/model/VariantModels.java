package io.github.t6j.model;

import io.github.t6j.TestData;
import io.github.t6j.attention.AttentionAlgorithm;
import io.github.t6j.attention.DenseHeads;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.cache.SequenceCache;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.KernelChoice;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.VariantJson;
import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.Map;

/** Models of one layer around an attention's weights, and what the attention alone makes of inputs. */
final class VariantModels {
    private static final int VOCABULARY = 3;
    private static final int HIDDEN = 2;

    private VariantModels() {}

    /** Queries, keys, values [T][h][d], what attention gives [T][h][d], and what the block adds [T][width]. */
    record Run(double[] q, double[] k, double[] v, float[] y, float[] out, int elementsPerToken) {}

    /** A model's tensors by their official names: {@code attention}'s by name inside the attention, the rest zero. */
    static Map<String, Tensor> model(Map<String, Tensor> attention, int width) {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        attention.forEach((name, tensor) -> {
            boolean parameter = name.matches("c_qkv\\.[ab]_.");
            String full = "transformer.h.0.attn." + name + (parameter ? "" : ".weight");
            tensors.put(full, new Tensor(full, tensor.dtype(), tensor.shape(), tensor.data()));
        });
        zeros(tensors, "transformer.h.0.mlp.c_fc1.weight", HIDDEN, width);
        zeros(tensors, "transformer.h.0.mlp.c_fc2.weight", HIDDEN, width);
        zeros(tensors, "transformer.h.0.mlp.c_proj.weight", width, HIDDEN);
        zeros(tensors, "lm_head.weight", VOCABULARY, width);
        return tensors;
    }

    private static void zeros(Map<String, Tensor> tensors, String name, int rows, int columns) {
        tensors.put(name, Tensor.of(name, new float[rows * columns], rows, columns));
    }

    static ModelConfig describe(Map<String, Tensor> tensors, Map<String, Object> config, Map<String, Object> t6j) {
        return TransformerLoader.describe(tensors, config, new VariantJson(t6j, "t6j.json"), null, "here");
    }

    /**
     * Feeds {@code x}, [T][width], to the attention of the first block, in chunks.
     *
     * @param chunk rows at a time
     */
    static Run run(
            Map<String, Tensor> tensors, ModelConfig config, double[] x, boolean materialized, int chunk, int threads) {
        Kernels kernels = KernelChoice.kernels();
        try (Workers workers = new Workers(threads); Arena arena = Arena.ofShared()) {
            Transformer model = TransformerLoader.load(tensors, config, "here", kernels, workers, arena);
            try (SequenceCache cache = model.newCache(Format.F32, materialized)) {
                AttentionAlgorithm path = model.newPath(cache, materialized);
                Activations a = new Activations(model, Math.min(chunk, x.length / config.width()));
                cache.reserve(0, x.length / config.width());
                return run(model, path, a, x, chunk);
            }
        }
    }

    private static Run run(Transformer model, AttentionAlgorithm path, Activations a, double[] x, int chunk) {
        ModelConfig config = model.config();
        Kernels kernels = KernelChoice.kernels();
        int width = config.width();
        int heads = config.heads();
        int headDim = config.headDim();
        int tokens = x.length / width;
        int outputs = heads * headDim;
        Run run = new Run(
                new double[tokens * outputs], new double[tokens * outputs], new double[tokens * outputs],
                new float[tokens * outputs], new float[tokens * width], model.elementsPerToken());
        for (int position = 0; position < tokens; position += chunk) {
            int rows = Math.min(chunk, tokens - position);
            for (int i = 0; i < rows * width; i++) {
                a.normed[i] = (float) x[position * width + i];
            }
            for (int row = 0; row < rows; row++) {
                model.rope().table(position + row, a.cos, a.sin, row * model.rope().pairs());
            }
            int first = position;
            model.blocks()[0].attend(
                    kernels, model.rope(), rows, (attention, layer, n, b) -> path.attend(
                            attention, b.projections, n, b.projectionStride, layer, first, b.attended),
                    a);
            path.cache().commit();
            for (int row = 0; row < rows; row++) {
                int token = position + row;
                materialize(model, path, a, row, token, run);
                System.arraycopy(a.attended, row * outputs, run.y, token * outputs, outputs);
                System.arraycopy(a.update, row * a.widthStride, run.out, token * width, width);
            }
        }
        return run;
    }

    /** Keys and values as they are kept, or as a row has them where a state is kept. */
    private static void materialize(
            Transformer model, AttentionAlgorithm path, Activations a, int row, int token, Run run) {
        DenseHeads attention = (DenseHeads) model.attention();
        int headDim = attention.headDim();
        int at = row * a.projectionStride;
        double[] one = new double[headDim];
        float[] whole = new float[headDim];
        for (int head = 0; head < attention.heads(); head++) {
            int to = (token * attention.heads() + head) * headDim;
            if (path.cache() instanceof PagedCache cache) {
                attention.materializeQuery(a.projections, at, head, one);
                System.arraycopy(one, 0, run.q, to, headDim);
                attention.materializeKey(cache.pageOf(0, token), PagedCache.slot(token), token, head, one);
                System.arraycopy(one, 0, run.k, to, headDim);
                attention.materializeValue(cache.pageOf(0, token), PagedCache.slot(token), token, head, one);
                System.arraycopy(one, 0, run.v, to, headDim);
            } else {
                attention.query(a.projections, at, head, whole, 0);
                System.arraycopy(doubles(whole), 0, run.q, to, headDim);
                int keyHead = head * attention.keyValueHeads() / attention.heads();
                attention.key(a.projections, at, keyHead, whole);
                System.arraycopy(doubles(whole), 0, run.k, to, headDim);
                attention.value(a.projections, at, keyHead, whole);
                System.arraycopy(doubles(whole), 0, run.v, to, headDim);
            }
        }
    }

    /** Largest difference, relative to the largest number expected or to 1. */
    static double difference(double[] expected, double[] found) {
        double largest = 1;
        double difference = 0;
        for (int i = 0; i < expected.length; i++) {
            largest = Math.max(largest, Math.abs(expected[i]));
            double here = Math.abs(expected[i] - found[i]);
            difference = Double.isNaN(here) ? Double.POSITIVE_INFINITY : Math.max(difference, here);
        }
        return difference / largest;
    }

    static double[] doubles(float[] floats) {
        double[] doubles = new double[floats.length];
        for (int i = 0; i < floats.length; i++) {
            doubles[i] = floats[i];
        }
        return doubles;
    }

    /** A tensor of a golden file. */
    static double[] golden(String file, String tensor) {
        return TestData.doubles("golden/" + file, tensor);
    }
}
