package io.github.t6j.attention.tpa;

import static io.github.t6j.TestNumbers.doubles;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.TestNumbers;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.VariantModels;
import io.github.t6j.weights.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Tests T6's attention against its definition in float64, computed from the weights and the activations of the tokens:
 * the oracle has no page, no online softmax and none of the engine's classes.
 */
@Tag("width")
class TensorProductAttentionTest {
    private static final long SEED = 58;
    private static final double TOLERANCE = 1e-4;
    private static final int TOKENS = 203; // three pages of 64 tokens, and a part of a fourth
    private static final int WIDTH = 70;
    private static final double DEVIATION = 0.12; // of weights: 1/√WIDTH, so that factors are standard normal
    private static final int HEADS = 7;
    private static final int HEAD_DIM = 50;

    /** Returns random weights by name; query rank 0 means whole queries. */
    private static Map<String, Tensor> weights(int queryRank, int keyRank, int valueRank, Random random) {
        Map<String, Tensor> weights = new LinkedHashMap<>();
        if (queryRank == 0) {
            put(weights, "c_qkv.c_q", HEADS * HEAD_DIM, WIDTH, random);
        } else {
            putFactors(weights, "q", queryRank, random);
        }
        putFactors(weights, "k", keyRank, random);
        putFactors(weights, "v", valueRank, random);
        put(weights, "c_proj", WIDTH, HEADS * HEAD_DIM, random);
        return weights;
    }

    private static void putFactors(Map<String, Tensor> weights, String of, int rank, Random random) {
        put(weights, "c_qkv.W_A_" + of, HEADS * rank, WIDTH, random);
        put(weights, "c_qkv.W_B_" + of, rank * HEAD_DIM, WIDTH, random);
    }

    private static void put(Map<String, Tensor> weights, String name, int rows, int columns, Random random) {
        weights.put(name, Tensor.of(name, TestNumbers.normal(random, rows * columns, DEVIATION), rows, columns));
    }

    /** Returns W · x of every token, [tokens][outputs]. */
    private static double[][] project(double[] x, Tensor matrix) {
        float[] w = matrix.toFloats();
        double[][] y = new double[TOKENS][w.length / WIDTH];
        for (int t = 0; t < TOKENS; t++) {
            for (int i = 0; i < w.length; i++) {
                y[t][i / WIDTH] += w[i] * x[t * WIDTH + i % WIDTH];
            }
        }
        return y;
    }

    /** Rotates all vectors of every token by its position (RoPE). */
    private static double[][] rotate(double[][] x) {
        int half = HEAD_DIM / 2;
        for (int t = 0; t < TOKENS; t++) {
            for (int i = 0; i < x[t].length; i += i % HEAD_DIM == half - 1 ? half + 1 : 1) {
                double angle = t * Math.pow(10000, -(i % HEAD_DIM) / (double) half);
                double first = x[t][i];
                double second = x[t][i + half];
                x[t][i] = first * Math.cos(angle) + second * Math.sin(angle);
                x[t][i + half] = second * Math.cos(angle) - first * Math.sin(angle);
            }
        }
        return x;
    }

    /** Returns whole heads of every token, 1/R · Σ_r A[head][r] · B[r]. */
    private static double[][] multiply(double[][] a, double[][] b) {
        int rank = b[0].length / HEAD_DIM;
        double[][] y = new double[TOKENS][HEADS * HEAD_DIM];
        for (int t = 0; t < TOKENS; t++) {
            for (int i = 0; i < y[t].length; i++) {
                for (int r = 0; r < rank; r++) {
                    y[t][i] += a[t][i / HEAD_DIM * rank + r] * b[t][r * HEAD_DIM + i % HEAD_DIM] / rank;
                }
            }
        }
        return y;
    }

    /** Returns softmax(⟨q, k⟩ / √d) · v of a head, for the query of token {@code t} and the tokens up to it. */
    private static double[] attend(double[][] q, double[][] k, double[][] v, int t, int head) {
        double[] weighted = new double[HEAD_DIM];
        double[] exp = new double[t + 1];
        double sum = 0;
        for (int s = 0; s <= t; s++) {
            double score = 0;
            for (int i = head * HEAD_DIM; i < (head + 1) * HEAD_DIM; i++) {
                score += q[t][i] * k[s][i];
            }
            exp[s] = Math.exp(score / Math.sqrt(HEAD_DIM));
            sum += exp[s];
        }
        for (int s = 0; s <= t; s++) {
            for (int i = 0; i < HEAD_DIM; i++) {
                weighted[i] += exp[s] / sum * v[s][head * HEAD_DIM + i];
            }
        }
        return weighted;
    }

    @ParameterizedTest
    @CsvSource({
        "6, 1, 1", // prompts: scores from factors
        "5, 3, 2", // prompts: scores from rebuilt keys
        "12, 5, 3",
        "0, 3, 2"})
    void outputsMatchTheDefinition(int queryRank, int keyRank, int valueRank) {
        Random random = new Random(SEED);
        Map<String, Tensor> w = weights(queryRank, keyRank, valueRank, random);
        double[] x = doubles(TestNumbers.normal(random, TOKENS * WIDTH, 1));
        double[][] q = queryRank == 0
                ? rotate(project(x, w.get("c_qkv.c_q")))
                : multiply(project(x, w.get("c_qkv.W_A_q")), rotate(project(x, w.get("c_qkv.W_B_q"))));
        double[][] k = multiply(project(x, w.get("c_qkv.W_A_k")), rotate(project(x, w.get("c_qkv.W_B_k"))));
        double[][] v = multiply(project(x, w.get("c_qkv.W_A_v")), project(x, w.get("c_qkv.W_B_v")));
        Map<String, Tensor> tensors = VariantModels.model(w, WIDTH);
        ModelConfig config = VariantModels.describe(
                tensors, Map.of("n_head", (long) HEADS), Map.of("variant", "full", "rope_tables", "f32"));
        for (int rows : new int[] {1, 70, TOKENS}) {
            float[] y = VariantModels.run(tensors, config, x, false, rows, 2).y();
            for (int at = 0; at < y.length; at += HEAD_DIM) {
                double[] expected = attend(q, k, v, at / (HEADS * HEAD_DIM), at / HEAD_DIM % HEADS);
                for (int i = 0; i < HEAD_DIM; i++) {
                    assertThat((double) y[at + i]).as("seed %s, passes of %s rows, output %s", SEED, rows, at + i)
                            .isCloseTo(expected[i], within(TOLERANCE));
                }
            }
        }
    }
}
