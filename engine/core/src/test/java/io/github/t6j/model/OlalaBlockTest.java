package io.github.t6j.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.TestData;
import io.github.t6j.attention.AttentionAlgorithm;
import io.github.t6j.attention.tpa.steps.SteppedAttention;
import io.github.t6j.cache.LayeredCache;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.cache.SequenceCache;
import io.github.t6j.family.ModelMetadata;
import io.github.t6j.family.registry.Families;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import io.github.t6j.kernels.choice.KernelChoice;
import io.github.t6j.weights.checkpoint.Checkpoint;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Compares values inside a Mamba layer and one of differential TPA with the original's activations. */
class OlalaBlockTest {
    private static final String NAME = "taps-mv";
    private static final int ROWS = 12;
    private static final int ATTENTION = 1; // block of differential TPA; the first one is Mamba's
    private static final int HEADS = 6;
    private static final int KEY_HEADS = 2;
    private static final int SIZE = 6; // elements of a head
    private static final int USED = 2; // experts of a row
    private static final int LATENT = 7;
    private static final double TOLERANCE = 2e-5;

    @Test
    void theBlocksHaveTheOriginalsActivations() {
        try (Workers workers = new Workers(2);
                Arena arena = Arena.ofShared();
                Checkpoint checkpoint = Checkpoint.open(TestData.path("golden_olala/" + NAME), false)) {
            NamedTensors tensors = new NamedTensors(checkpoint.tensors(), NAME);
            ModelConfig config = Families.describe(tensors,
                    ModelMetadata.of(TestData.json("golden_olala/" + NAME + "/config.json"), null));
            Transformer model =
                    Families.load(tensors, config, KernelChoice.kernels(), workers, arena, (done, total) -> {});
            embedding(model);
            finalNorm(model);
            queriesKeysAndValues(model);
            for (int block = 0; block < 2; block++) {
                block(model, block);
            }
        }
    }

    private static void embedding(Transformer model) {
        try (SequenceCache cache = model.newCache(Format.F32, false)) {
            Activations a = activations(model, "0.in"); // any values
            Map<?, ?> prompt = (Map<?, ?>) TestData.json("golden_olala/" + NAME + "/case.json").get("prompt");
            System.arraycopy(TestData.ints(prompt.get("input_ids")), 0, a.ids, 0, ROWS);
            Arrays.fill(a.ropes, model.rope);
            model.forward(a, algorithm(model, cache), 0, () -> false);
            compare("embed", a.x, a.width);
        }
    }

    private static void finalNorm(Transformer model) {
        Activations a = activations(model, "1.out");
        compare("final", model.hiddenStates(a, 2), a.width);
    }

    /** Keys leave their gain to the queries: only the products of both equal the original's. */
    private static void queriesKeysAndValues(Transformer model) {
        try (SequenceCache cache = model.newCache(Format.F32, false)) {
            Activations a = activations(model, "0.out");
            AttentionAlgorithm algorithm = algorithm(model, cache);
            Block block = model.weights.blocks()[ATTENTION];
            a.eachRow(block.attentionNorm());
            block.cache(algorithm, a);

            SteppedAttention attention = (SteppedAttention) block.attention();
            PagedCache pages = (PagedCache) ((LayeredCache) cache).part(block.place().kind());
            double[] q = tap("1.q");
            double[] k = tap("1.k");
            double[] v = tap("1.v");
            double[] query = new double[SIZE];
            double[] vector = new double[SIZE];
            for (int row = 0; row < ROWS; row++) {
                for (int head = 0; head < HEADS; head++) {
                    int group = head / (HEADS / KEY_HEADS);
                    attention.materializeValue(pages, block.place().index(), row, head, vector);
                    for (int d = 0; d < SIZE; d++) {
                        assertThat(vector[d]).as("value %d of head %d, row %d", d, head, row)
                                .isCloseTo(v[(row * KEY_HEADS + group) * SIZE + d], within(TOLERANCE));
                    }
                    attention.materializeQuery(a.attentionPass.projections, a.attentionPass.at(row), head, query);
                    for (int token = 0; token <= row; token++) {
                        attention.materializeKey(pages, block.place().index(), token, head, vector);
                        double expected = dot(q, (row * HEADS + head) * SIZE, k, (token * KEY_HEADS + group) * SIZE);
                        assertThat(dot(query, 0, vector, 0))
                                .as("product of head %d, row %d, token %d", head, row, token)
                                .isCloseTo(expected, within(TOLERANCE * Math.max(1, Math.abs(expected))));
                    }
                }
            }
        }
    }

    private static void block(Transformer model, int number) {
        String before = number == 0 ? "embed" : "0.out";
        Block block = model.weights.blocks()[number];
        try (SequenceCache cache = model.newCache(Format.F32, false)) {
            Activations a = activations(model, before);
            block.forward(algorithm(model, cache), a);
            router(a.experts, number);
            compare(number + ".routed", a.experts.sums, Kernels.padded(LATENT));
            compare(number + ".mlp", a.update, a.updateStride);
            compare(number + ".out", a.x, a.width);
        }
        try (SequenceCache cache = model.newCache(Format.F32, false)) {
            Activations a = activations(model, before);
            AttentionAlgorithm algorithm = algorithm(model, cache);
            a.eachRow(block.attentionNorm());
            block.cache(algorithm, a);
            block.attend(algorithm, a);
            compare(number + ".gated", a.attentionPass.output, a.attentionPass.outputWidth());
            block.multiplyOutput(a);
            compare(number + ".proj", a.update, a.updateStride);
            a.eachRow(block.attentionRotation());
            compare(number + ".mid", a.x, a.width);
        }
    }

    /** The original lists a row's experts by their scores, these buffers by their indices. */
    private static void router(Experts.Buffers experts, int block) {
        double[] chosen = tap(block + ".top");
        double[] weights = tap(block + ".weights");
        for (int row = 0; row < ROWS; row++) {
            Map<Integer, Double> expected = new HashMap<>();
            for (int i = row * USED; i < (row + 1) * USED; i++) {
                expected.put((int) chosen[i], weights[i]);
            }
            for (int i = row * USED; i < (row + 1) * USED; i++) {
                assertThat(expected).as("experts of block %d, row %d", block, row).containsKey(experts.chosen[i]);
                assertThat((double) experts.weights[i]).as("weight of block %d, row %d", block, row)
                        .isCloseTo(expected.get(experts.chosen[i]), within(TOLERANCE));
            }
        }
    }

    /** Buffers with the state before a block. */
    private static Activations activations(Transformer model, String name) {
        Activations a = new Activations(model, ROWS);
        a.attentionPass.rows = ROWS;
        double[] before = tap(name);
        for (int i = 0; i < before.length; i++) {
            a.x[i] = (float) before[i];
        }
        for (int row = 0; row < ROWS; row++) {
            a.attentionPass.positions[row] = row;
        }
        return a;
    }

    private static AttentionAlgorithm algorithm(Transformer model, SequenceCache cache) {
        AttentionAlgorithm algorithm = model.newAlgorithm(false, Arena.ofAuto());
        algorithm.bind(cache);
        cache.reserve(0, ROWS);
        return algorithm;
    }

    private static double[] tap(String name) {
        return TestData.doubles("golden_olala/" + NAME + "/activations_f64.safetensors", name);
    }

    private static double dot(double[] x, int xAt, double[] y, int yAt) {
        double sum = 0;
        for (int d = 0; d < SIZE; d++) {
            sum += x[xAt + d] * y[yAt + d];
        }
        return sum;
    }

    private static void compare(String name, float[] found, int stride) {
        double[] expected = tap(name);
        int width = expected.length / ROWS;
        for (int i = 0; i < expected.length; i++) {
            assertThat((double) found[i / width * stride + i % width])
                    .as("%s, row %d, number %d", name, i / width, i % width)
                    .isCloseTo(expected[i], within(TOLERANCE * Math.max(1, Math.abs(expected[i]))));
        }
    }
}
