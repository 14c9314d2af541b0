package io.github.t6j.flashtpa;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.TestNumbers;
import io.github.t6j.flashtpa.FlashTpa.Factors;
import io.github.t6j.flashtpa.FlashTpa.Options;
import io.github.t6j.flashtpa.FlashTpa.Shape;
import java.util.Arrays;
import java.util.Random;

/** Factors of queries, keys and values in the layout of {@link FlashTpa}, and attention by its definition. */
record FlashTpaData(
        Shape shape, int batch, int queries, int tokens, float[] aQ, float[] bQ, float[] aK, float[] bK, float[] aV,
        float[] bV) {

    static FlashTpaData random(Shape s, int batch, int queries, int tokens, Random random) {
        int vectors = s.queryRank() == 0 ? s.heads() : s.queryRank();
        return new FlashTpaData(
                s, batch, queries, tokens,
                floats(random, batch * queries * s.heads() * s.queryRank()),
                floats(random, batch * queries * vectors * s.headDim()),
                floats(random, batch * tokens * s.heads() * s.keyRank()),
                floats(random, batch * tokens * s.keyRank() * s.headDim()),
                floats(random, batch * tokens * s.heads() * s.valueRank()),
                floats(random, batch * tokens * s.valueRank() * s.valueDim()));
    }

    /** Returns the tokens {@code from … to} of every sequence. */
    FlashTpaData tokens(int from, int to) {
        return new FlashTpaData(
                shape, batch, queries, to - from, aQ, bQ, part(aK, from, to), part(bK, from, to),
                part(aV, from, to), part(bV, from, to));
    }

    private float[] part(float[] all, int from, int to) {
        int size = all.length / (batch * tokens);
        float[] part = new float[batch * (to - from) * size];
        for (int b = 0; b < batch; b++) {
            System.arraycopy(
                    all, (b * tokens + from) * size, part, b * (to - from) * size, (to - from) * size);
        }
        return part;
    }

    Factors q() {
        return Factors.of(aQ, bQ);
    }

    Factors k() {
        return Factors.of(aK, bK);
    }

    Factors v() {
        return Factors.of(aV, bV);
    }

    static float[] floats(Random random, int count) {
        return TestNumbers.uniform(random, count, 2);
    }

    /**
     * Returns attention by its definition, with whole Q, K and V in float64; sequence b has {@code counts[b]} tokens.
     */
    static double[] oracle(FlashTpaData data, Options options, int[] counts, float[] mask) {
        Shape s = data.shape();
        double[] out = new double[data.batch() * data.queries() * s.heads() * s.valueDim()];
        for (int row = 0; row < data.batch() * data.queries(); row++) {
            int b = row / data.queries();
            for (int h = 0; h < s.heads(); h++) {
                double[] q = s.queryRank() == 0
                        ? whole(data.bQ(), row * s.heads() + h, s.headDim())
                        : product(data.aQ(), data.bQ(), row, h, s.heads(), s.queryRank(), s.headDim(), options);
                double[] logits = new double[counts[b]];
                double[][] values = new double[counts[b]][];
                for (int t = 0; t < counts[b]; t++) {
                    int token = b * data.tokens() + t;
                    double[] k = product(
                            data.aK(), data.bK(), token, h, s.heads(), s.keyRank(), s.headDim(), options);
                    for (int d = 0; d < s.headDim(); d++) {
                        logits[t] += q[d] * k[d];
                    }
                    logits[t] *= options.scale() * options.queryScale() * options.keyScale();
                    logits[t] += mask == null ? 0 : mask[row * (mask.length / (data.batch() * data.queries())) + t];
                    values[t] = product(
                            data.aV(), data.bV(), token, h, s.heads(), s.valueRank(), s.valueDim(), options);
                }
                double max = Arrays.stream(logits).max().orElse(0);
                double sum = 0;
                for (int t = 0; t < counts[b]; t++) {
                    double weight = Math.exp(logits[t] - max);
                    sum += weight;
                    for (int e = 0; e < s.valueDim(); e++) {
                        out[(row * s.heads() + h) * s.valueDim() + e] += weight * values[t][e];
                    }
                }
                for (int e = 0; e < s.valueDim(); e++) {
                    out[(row * s.heads() + h) * s.valueDim() + e] *= options.valueScale() / sum;
                }
            }
        }
        return out;
    }

    private static double[] whole(float[] all, int index, int size) {
        double[] vector = new double[size];
        for (int d = 0; d < size; d++) {
            vector[d] = all[index * size + d];
        }
        return vector;
    }

    private static double[] product(
            float[] a, float[] b, int token, int head, int heads, int rank, int size, Options options) {
        double[] sum = new double[size];
        for (int r = 0; r < rank; r++) {
            double factor = a[(token * heads + head) * rank + r];
            factor = options.sigmoid() ? 1 / (1 + Math.exp(-factor)) : factor;
            for (int d = 0; d < size; d++) {
                sum[d] += factor * b[(token * rank + r) * size + d];
            }
        }
        return sum;
    }

    static void assertClose(float[] found, double[] expected, String what) {
        double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
        assertThat(found).hasSize(expected.length);
        for (int i = 0; i < found.length; i++) {
            assertThat((double) found[i]).as(what + ", element " + i).isCloseTo(expected[i], within(1e-5 * largest));
        }
    }
}
