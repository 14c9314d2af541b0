package io.github.t6j.attention.tpa;

import static io.github.t6j.TestNumbers.doubles;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.TestData;
import io.github.t6j.TestNumbers;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.VariantModels;
import io.github.t6j.weights.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Tests that engine/docs/how-it-works.md contains the method below, which computes what the engine computes. */
class HowItWorksTest {
    private static final Path PAGE = TestData.path("../engine/docs/how-it-works.md");
    private static final Path SOURCE = TestData.path(
            "../engine/core/src/test/java/io/github/t6j/attention/tpa/HowItWorksTest.java");
    private static final int MAX_LINES = 60;

    private static final long SEED = 52;
    private static final int TOKENS = 203; // three pages of 64 tokens, and a part of a fourth
    private static final int WIDTH = 150;
    private static final int HEADS = 11;
    private static final int HEAD_DIM = 65;
    private static final List<String> MATRICES = List.of("A_q", "B_q", "A_k", "B_k", "A_v", "B_v");

    // @formatter:off
    /**
     * FlashTPA for one more token: returns its output, [heads][d].
     *
     * @param x normed activations of the token, [n]
     * @param w matrices that project A_Q, B_Q, A_K, B_K, A_V and B_V, [outputs][n] each
     * @param cache A_K, B_K, A_V and B_V of the tokens so far; this token's are added
     */
    static float[] flashTpa(float[] x, float[][] w, int heads, int d, int rQ, int rK, int rV, List<float[][]> cache) {
        float[][] factors = new float[6][];
        for (int f = 0; f < 6; f++) { // project
            factors[f] = new float[w[f].length / x.length];
            for (int i = 0; i < w[f].length; i++) {
                factors[f][i / x.length] += w[f][i] * x[i % x.length];
            }
        }
        float[] aQ = factors[0]; // [heads][rQ]
        float[] bQ = factors[1]; // [rQ][d]
        for (float[] b : List.of(bQ, factors[3])) { // rotate B_Q and B_K by the position (RoPE)
            for (int pair = 0; pair < d / 2; pair++) {
                double angle = cache.size() * Math.pow(10000, -pair / (double) (d / 2));
                float cos = (float) Math.cos(angle);
                float sin = (float) Math.sin(angle);
                for (int i = pair; i < b.length; i += d) {
                    float first = b[i];
                    b[i] = first * cos + b[i + d / 2] * sin;
                    b[i + d / 2] = b[i + d / 2] * cos - first * sin;
                }
            }
        }
        cache.add(new float[][] {factors[2], factors[3], factors[4], factors[5]});
        float[] max = new float[heads]; // largest score so far
        float[] sum = new float[heads]; // Σ exp(score − max)
        float[] y = new float[heads * d]; // Σ exp(score − max) · value
        Arrays.fill(max, Float.NEGATIVE_INFINITY);
        for (float[][] token : cache) {
            float[] scores = new float[heads];
            for (int s = 0; s < rK; s++) {
                for (int r = 0; r < rQ; r++) {
                    float p = 0; // ⟨B_K[s], B_Q[r]⟩, the same for all heads
                    for (int i = 0; i < d; i++) {
                        p += token[1][s * d + i] * bQ[r * d + i];
                    }
                    for (int h = 0; h < heads; h++) {
                        scores[h] += token[0][h * rK + s] * aQ[h * rQ + r] * p;
                    }
                }
            }
            for (int h = 0; h < heads; h++) {
                float score = scores[h] / (float) (Math.sqrt(d) * rQ * rK);
                float largest = Math.max(max[h], score);
                float rescale = (float) Math.exp(max[h] - largest); // online softmax
                float e = (float) Math.exp(score - largest);
                max[h] = largest;
                sum[h] = sum[h] * rescale + e;
                for (int i = 0; i < d; i++) {
                    y[h * d + i] *= rescale;
                    for (int u = 0; u < rV; u++) {
                        y[h * d + i] += e * token[2][h * rV + u] * token[3][u * d + i];
                    }
                }
            }
        }
        for (int i = 0; i < y.length; i++) {
            y[i] /= sum[i / d] * rV;
        }
        return y;
    }
    // @formatter:on

    /** Returns the lines of the method without their indentation. */
    private static String method() throws IOException {
        String source = Files.readString(SOURCE);
        String begin = "    // @formatter:off\n";
        return source.substring(source.indexOf(begin) + begin.length(), source.indexOf("    // @formatter:on\n"))
                .indent(-4);
    }

    @Test
    void thePageOpensWithTheMethod() throws IOException {
        Matcher java = Pattern.compile("(?s)```java\n(.*?)```").matcher(Files.readString(PAGE));
        assertThat(java.find()).isTrue();
        assertThat(java.group(1)).isEqualTo(method());
        assertThat(method().lines().dropWhile(line -> !line.startsWith("static"))).hasSizeLessThanOrEqualTo(MAX_LINES);
    }

    @Test
    void theMethodComputesWhatTheEngineComputes() {
        Random random = new Random(SEED);
        int[] outputs = {HEADS * 6, 6 * HEAD_DIM, HEADS * 2, 2 * HEAD_DIM, HEADS * 3, 3 * HEAD_DIM};
        Map<String, Tensor> weights = new LinkedHashMap<>();
        float[][] w = new float[outputs.length][];
        for (int i = 0; i < outputs.length; i++) {
            w[i] = TestNumbers.normal(random, outputs[i] * WIDTH, 0.1);
            weights.put("c_qkv.W_" + MATRICES.get(i), Tensor.of(MATRICES.get(i), w[i], outputs[i], WIDTH));
        }
        int heads = HEADS * HEAD_DIM;
        weights.put("c_proj", Tensor.of("c_proj", TestNumbers.normal(random, WIDTH * heads, 0.1), WIDTH, heads));
        float[] x = TestNumbers.normal(random, TOKENS * WIDTH, 1);
        Map<String, Tensor> tensors = VariantModels.model(weights, WIDTH);
        ModelConfig config = VariantModels.describe(
                tensors, Map.of("n_head", (long) HEADS, "rope_partial_factor", 0.99),
                Map.of("variant", "partialrope", "rope_tables", "f32"));
        float[] expected = VariantModels.run(tensors, config, doubles(x), false, 1, 2).y();

        List<float[][]> cache = new ArrayList<>();
        for (int token = 0; token < TOKENS; token++) {
            float[] activations = Arrays.copyOfRange(x, token * WIDTH, (token + 1) * WIDTH);
            float[] y = flashTpa(activations, w, HEADS, HEAD_DIM, 6, 2, 3, cache);
            float[] engine = Arrays.copyOfRange(expected, token * heads, (token + 1) * heads);
            assertThat(y).as("seed " + SEED + ", token " + token).containsExactly(engine, within(1e-4f));
        }
    }
}
