package io.github.t6j.model;

import static io.github.t6j.TestNumbers.doubles;

import io.github.t6j.TestData;
import io.github.t6j.attention.Attention;
import io.github.t6j.attention.AttentionAlgorithm;
import io.github.t6j.attention.DenseHeads;
import io.github.t6j.attention.MaterializedHeads;
import io.github.t6j.attention.linear.LinearAttention;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.cache.SequenceCache;
import io.github.t6j.family.ConfigJson;
import io.github.t6j.family.ModelMetadata;
import io.github.t6j.family.VariantJson;
import io.github.t6j.family.registry.Families;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Workers;
import io.github.t6j.kernels.choice.KernelChoice;
import io.github.t6j.weights.Tensor;
import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.Map;

/** Models of one layer around an attention's weights, and the attention's results for given inputs. */
public final class VariantModels {
    private static final int VOCABULARY = 3;
    private static final int HIDDEN = 2;

    private VariantModels() {}

    /**
     * Queries, keys, values [T][h][d], the output of attention [T][h][d], and of the attention part of the block
     * [T][width].
     */
    public record Run(double[] q, double[] k, double[] v, float[] y, float[] out, int elementsPerToken) {}

    /**
     * Returns a model's tensors by their official names: those of {@code attention}, given by name inside it, and
     * zeros.
     */
    public static Map<String, Tensor> model(Map<String, Tensor> attention, int width) {
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

    /** Returns the configuration of the tensors with config.json and t6j.json. */
    public static ModelConfig describe(Map<String, Tensor> tensors, Map<String, Object> config,
            Map<String, Object> t6j) {
        ConfigJson configJson = new ConfigJson(config, "config.json");
        return Families.describe(
                new NamedTensors(tensors, "here"),
                new ModelMetadata(configJson, new VariantJson(t6j, "t6j.json"), null));
    }

    /**
     * Feeds {@code x}, [T][width], to the attention of the first block, in chunks.
     *
     * @param chunk number of rows at a time
     */
    public static Run run(
            Map<String, Tensor> tensors, ModelConfig config, double[] x, boolean materialized, int chunk, int threads) {
        try (Workers workers = new Workers(threads); Arena arena = Arena.ofShared()) {
            Transformer model = Families.load(
                    new NamedTensors(tensors, "here"), config, KernelChoice.kernels(), workers, arena,
                    (done, total) -> {});
            try (SequenceCache cache = model.newCache(Format.F32, materialized)) {
                AttentionAlgorithm algorithm = model.newAlgorithm(materialized, arena);
                algorithm.bind(cache);
                Activations a = new Activations(model, Math.min(chunk, x.length / config.sizes().width()));
                cache.reserve(0, x.length / config.sizes().width());
                return run(model, algorithm, a, x, chunk);
            }
        }
    }

    private static Run run(Transformer model, AttentionAlgorithm algorithm, Activations a, double[] x, int chunk) {
        int width = a.width;
        int outputs = model.config().attention().heads() * model.config().attention().headDim();
        int tokens = x.length / width;
        Run run = new Run(
                new double[tokens * outputs], new double[tokens * outputs], new double[tokens * outputs],
                new float[tokens * outputs], new float[tokens * width], model.attention().elementsPerToken());
        for (int position = 0; position < tokens; position += chunk) {
            int rows = Math.min(chunk, tokens - position);
            a.attentionPass.rows = rows;
            a.attentionPass.position = position;
            for (int i = 0; i < rows * width; i++) {
                a.normed[i] = (float) x[position * width + i];
            }
            for (int row = 0; row < rows; row++) {
                model.rope.table(position + row, a.attentionPass.cos, a.attentionPass.sin,
                        a.attentionPass.tableAt(row));
            }
            model.weights.blocks()[0].cache(algorithm, a);
            algorithm.attend(a.attentionPass);
            model.weights.blocks()[0].multiplyOutput(a);
            algorithm.cache().commit();
            for (int row = 0; row < rows; row++) {
                int token = position + row;
                materialize(model, algorithm, a, row, token, run);
                System.arraycopy(a.attentionPass.output, row * outputs, run.y, token * outputs, outputs);
                System.arraycopy(a.update, row * a.updateStride, run.out, token * width, width);
            }
        }
        return run;
    }

    /** Rebuilds keys and values from the cache, or from a row if the attention has a state. */
    private static void materialize(
            Transformer model, AttentionAlgorithm algorithm, Activations a, int row, int token, Run run) {
        Attention attention = model.attention();
        float[] projections = a.attentionPass.projections;
        int headDim = attention.headDim();
        int at = a.attentionPass.at(row);
        double[] one = new double[headDim];
        float[] whole = new float[headDim];
        for (int head = 0; head < attention.heads(); head++) {
            int to = (token * attention.heads() + head) * headDim;
            if (algorithm.cache() instanceof PagedCache cache) {
                MaterializedHeads heads = attention.materialized();
                heads.materializeQuery(projections, at, head, one);
                System.arraycopy(one, 0, run.q, to, headDim);
                heads.materializeKey(cache.pageOf(0, token), PagedCache.slot(token), token, head, one);
                System.arraycopy(one, 0, run.k, to, headDim);
                heads.materializeValue(cache.pageOf(0, token), PagedCache.slot(token), token, head, one);
                System.arraycopy(one, 0, run.v, to, headDim);
            } else {
                DenseHeads heads = ((LinearAttention) attention).dense();
                heads.query(projections, at, head, whole, 0);
                System.arraycopy(doubles(whole), 0, run.q, to, headDim);
                int keyHead = head * heads.keyValueHeads() / attention.heads();
                heads.key(projections, at, keyHead, whole);
                System.arraycopy(doubles(whole), 0, run.k, to, headDim);
                heads.value(projections, at, keyHead, whole);
                System.arraycopy(doubles(whole), 0, run.v, to, headDim);
            }
        }
    }

    /** Returns the largest difference, relative to the largest expected magnitude or to 1. */
    public static double difference(double[] expected, double[] found) {
        double largest = 1;
        double difference = 0;
        for (int i = 0; i < expected.length; i++) {
            largest = Math.max(largest, Math.abs(expected[i]));
            double here = Math.abs(expected[i] - found[i]);
            difference = Double.isNaN(here) ? Double.POSITIVE_INFINITY : Math.max(difference, here);
        }
        return difference / largest;
    }

    /** Returns a tensor of a golden file. */
    public static double[] golden(String file, String tensor) {
        return TestData.doubles("golden/" + file, tensor);
    }
}
