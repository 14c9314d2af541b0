package io.github.t6j.training.heads;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.TestNumbers;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.choice.KernelChoice;
import io.github.t6j.training.products.Rows;
import io.github.t6j.weights.NativeMemory;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests attention against its definition in double, whose gradients are checked by differences. */
@Isolated
@Tag("width")
class HeadAttentionTest {
    private static final int AT = 2;
    private static final int GAP = 3; // floats after each row

    /** One head: q, k [length][keyDim]; v, dy [length][valueDim], in rows with a gap after each. */
    private record Head(
            int length, int window, int keyDim, int valueDim, float scale, Rows q, Rows k, Rows v, Rows dy) {
        static Head of(int length, int keyDim, int valueDim, double deviation, Random random) {
            return of(length, CausalAttention.NO_WINDOW, keyDim, valueDim, deviation, random);
        }

        static Head of(int length, int window, int keyDim, int valueDim, double deviation, Random random) {
            return new Head(length, window, keyDim, valueDim, (float) (1 / Math.sqrt(keyDim)),
                    rows(length, keyDim, deviation, random),
                    rows(length, keyDim, deviation, random), rows(length, valueDim, 1, random),
                    rows(length, valueDim, 1, random));
        }

        Result run(Kernels kernels) {
            try (HeadAttention attention = new HeadAttention(kernels)) {
                return run(attention);
            }
        }

        /** Runs on filled buffers, which shows if a result is written where it should be added, or the reverse. */
        Result run(HeadAttention attention) {
            Random random = new Random(99);
            Result r = new Result(
                    rows(length, valueDim, 1, random), new float[length + 2], rows(length, keyDim, 1, random),
                    rows(length, keyDim, 1, random), rows(length, valueDim, 1, random));
            attention.forward(q, k, v, length, window, keyDim, valueDim, r.y, r.lse, 1);
            attention.backward(
                    q, k, v, r.y, dy, r.lse, 1, length, window, keyDim, valueDim, r.dq, r.dk, r.dv);
            return r;
        }
    }

    private record Result(Rows y, float[] lse, Rows dq, Rows dk, Rows dv) {
        float[][] all() {
            return new float[][] {y.array(), lse, dq.array(), dk.array(), dv.array()};
        }
    }

    private static Rows rows(int length, int dim, double deviation, Random random) {
        return new Rows(TestNumbers.normal(random, AT + length * (dim + GAP), deviation), AT, dim + GAP);
    }

    private static double[][] doubles(Rows rows, int length, int dim) {
        double[][] result = new double[length][dim];
        for (int t = 0; t < length; t++) {
            for (int d = 0; d < dim; d++) {
                result[t][d] = rows.array()[rows.row(t) + d];
            }
        }
        return result;
    }

    /** Attention by its definition, with all of P. */
    private record Definition(double[][] p, double[][] y, double[] lse) {
        static Definition of(double[][] q, double[][] k, double[][] v, double scale, int window) {
            int length = q.length;
            double[][] p = new double[length][length];
            double[][] y = new double[length][v[0].length];
            double[] lse = new double[length];
            for (int t = 0; t < length; t++) {
                double largest = Double.NEGATIVE_INFINITY;
                for (int s = Math.max(0, t - window + 1); s <= t; s++) {
                    p[t][s] = scale * dot(q[t], k[s]);
                    largest = Math.max(largest, p[t][s]);
                }
                double sum = 0;
                for (int s = Math.max(0, t - window + 1); s <= t; s++) {
                    sum += Math.exp(p[t][s] - largest);
                }
                lse[t] = largest + Math.log(sum);
                for (int s = Math.max(0, t - window + 1); s <= t; s++) {
                    p[t][s] = Math.exp(p[t][s] - lse[t]);
                    add(p[t][s], v[s], y[t]);
                }
            }
            return new Definition(p, y, lse);
        }
    }

    /** Derivatives of Σ dy ⊙ y by q, k and v. */
    private record Gradients(double[][] dq, double[][] dk, double[][] dv) {
        static Gradients of(
                double[][] q, double[][] k, double[][] v, double[][] dy, double scale, int window) {
            Definition forward = Definition.of(q, k, v, scale, window);
            int length = q.length;
            Gradients g = new Gradients(
                    new double[length][q[0].length], new double[length][q[0].length], new double[length][v[0].length]);
            for (int t = 0; t < length; t++) {
                for (int s = Math.max(0, t - window + 1); s <= t; s++) {
                    double p = forward.p[t][s];
                    double ds = scale * p * (dot(dy[t], v[s]) - dot(dy[t], forward.y[t]));
                    add(ds, k[s], g.dq[t]);
                    add(ds, q[t], g.dk[s]);
                    add(p, dy[t], g.dv[s]);
                }
            }
            return g;
        }
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    private static void add(double factor, double[] from, double[] to) {
        for (int i = 0; i < to.length; i++) {
            to[i] += factor * from[i];
        }
    }

    // a tile has 64 rows; 32 elements or fewer take half a panel
    @ParameterizedTest
    @CsvSource({
        "1, 1, 1, 1", "1, 32, 32, 1", "2, 5, 3, 1", "63, 32, 32, 1", "64, 32, 32, 1", "64, 48, 32, 1", "65, 32, 48, 1",
        "65, 64, 64, 1", "72, 16, 8, 1", "129, 32, 32, 1", "129, 96, 64, 1", "128, 65, 130, 1", "200, 128, 33, 1",
        "192, 40, 64, 6", "130, 32, 32, 12"
    })
    void resultsMatchTheDefinition(int length, int keyDim, int valueDim, double deviation) {
        check(length, CausalAttention.NO_WINDOW, keyDim, valueDim, deviation);
    }

    // of a tile, of parts of tiles, and shorter than a tile, some of whose keys no query of the next one sees
    @ParameterizedTest
    @CsvSource({
        "200, 2, 32, 32, 1", "200, 5, 32, 48, 1", "200, 63, 65, 32, 1", "200, 64, 32, 32, 1", "200, 65, 32, 130, 1",
        "263, 101, 32, 48, 6", "263, 128, 32, 32, 1", "263, 262, 32, 32, 1", "130, 130, 32, 32, 1"
    })
    void windowsHideTheKeysBeforeThem(int length, int window, int keyDim, int valueDim, double deviation) {
        check(length, window, keyDim, valueDim, deviation);
    }

    private static void check(int length, int window, int keyDim, int valueDim, double deviation) {
        long seed = 1_000_003L * length + 1009L * keyDim + valueDim;
        Head head = Head.of(length, window, keyDim, valueDim, deviation, new Random(seed));
        String what = length + " rows of " + keyDim + " and " + valueDim + ", window " + window + ", seed " + seed;
        double[][] q = doubles(head.q, length, keyDim);
        double[][] k = doubles(head.k, length, keyDim);
        double[][] v = doubles(head.v, length, valueDim);
        Definition forward = Definition.of(q, k, v, head.scale, window);
        Gradients gradients = Gradients.of(q, k, v, doubles(head.dy, length, valueDim), head.scale, window);
        double precision = 4e-6 * (1 + deviation * deviation); // scores are sums of products of that size
        Random random = new Random(99);
        Rows yBefore = rows(length, valueDim, 1, random);
        Rows dqBefore = rows(length, keyDim, 1, random);
        Rows dkBefore = rows(length, keyDim, 1, random);
        Rows dvBefore = rows(length, valueDim, 1, random);

        Result found = head.run(KernelChoice.kernels());

        check(found.y, yBefore, forward.y, false, precision, "y, " + what);
        for (int t = 0; t < length; t++) {
            assertThat((double) found.lse[1 + t]).as("lse, " + what)
                    .isCloseTo(forward.lse[t], within(1e-6 * (1 + deviation * deviation)));
        }
        assertThat(found.lse[0]).isZero();
        assertThat(found.lse[length + 1]).isZero();
        check(found.dq, dqBefore, gradients.dq, false, precision, "dq, " + what);
        check(found.dk, dkBefore, gradients.dk, true, precision, "dk, " + what);
        check(found.dv, dvBefore, gradients.dv, true, precision, "dv, " + what);
    }

    private static void check(Rows found, Rows before, double[][] expected, boolean added, double precision,
            String what) {
        double largest = Arrays.stream(expected).flatMapToDouble(Arrays::stream).map(Math::abs).max().orElseThrow();
        for (int t = 0; t < expected.length; t++) {
            for (int d = 0; d < expected[t].length; d++) {
                int at = found.row(t) + d;
                double sum = expected[t][d] + (added ? before.array()[at] : 0);
                assertThat((double) found.array()[at]).as(what + ", row " + t).isCloseTo(sum,
                        within(precision * largest + 1e-6));
                found.array()[at] = before.array()[at];
            }
        }
        assertThat(found.array()).as("elements outside the rows, " + what).isEqualTo(before.array());
    }

    /** The gradients of the oracle are the slopes of its Σ dy ⊙ y. */
    @ParameterizedTest
    @ValueSource(ints = {4, CausalAttention.NO_WINDOW})
    void gradientsOfTheOracleMatchDifferences(int window) {
        long seed = 5;
        Head head = Head.of(9, 4, 3, 1, new Random(seed));
        double[][] q = doubles(head.q, 9, 4);
        double[][] k = doubles(head.k, 9, 4);
        double[][] v = doubles(head.v, 9, 3);
        double[][] dy = doubles(head.dy, 9, 3);
        Gradients gradients = Gradients.of(q, k, v, dy, head.scale, window);
        double[][][] inputs = {q, k, v};
        double[][][] slopes = {gradients.dq, gradients.dk, gradients.dv};
        double step = 1e-5;
        for (int input = 0; input < 3; input++) {
            for (int t = 0; t < 9; t++) {
                for (int d = 0; d < inputs[input][t].length; d++) {
                    double here = inputs[input][t][d];
                    inputs[input][t][d] = here + step;
                    double above = objective(q, k, v, dy, head.scale, window);
                    inputs[input][t][d] = here - step;
                    double below = objective(q, k, v, dy, head.scale, window);
                    inputs[input][t][d] = here;
                    assertThat(slopes[input][t][d]).as("input " + input + ", row " + t + ", seed " + seed)
                            .isCloseTo((above - below) / (2 * step), within(1e-8));
                }
            }
        }
    }

    private static double objective(
            double[][] q, double[][] k, double[][] v, double[][] dy, double scale, int window) {
        double[][] y = Definition.of(q, k, v, scale, window).y;
        double sum = 0;
        for (int t = 0; t < y.length; t++) {
            sum += dot(dy[t], y[t]);
        }
        return sum;
    }

    @ParameterizedTest
    @CsvSource({"1, 2, 32, 32", "65, 100, 32, 32", "129, 129, 48, 32", "100, 100, 70, 64", "200, 70, 48, 32"})
    void bitsMatchTheScalarTwin(int length, int window, int keyDim, int valueDim) {
        Head head = Head.of(length, window, keyDim, valueDim, 1, new Random(length));
        assertThat(head.run(KernelChoice.kernels()).all()).as(length + " rows, seed " + length)
                .isDeepEqualTo(head.run(KernelChoice.scalar()).all());
    }

    /** Two query heads add to the dk and dv that they share. */
    @Test
    void queryHeadsAddToSharedKeysAndValues() {
        long seed = 21;
        Random random = new Random(seed);
        Head first = Head.of(70, 32, 16, 1, random);
        Head other = Head.of(70, 32, 16, 1, random);
        Head second = new Head(70, first.window, 32, 16, first.scale, other.q, first.k, first.v, other.dy);
        double[][] k = doubles(first.k, 70, 32);
        double[][] v = doubles(first.v, 70, 16);
        double[][] dk = new double[70][32];
        double[][] dv = new double[70][16];
        Rows foundDk = new Rows(new float[70 * 32], 0, 32);
        Rows foundDv = new Rows(new float[70 * 16], 0, 16);
        try (HeadAttention attention = new HeadAttention(KernelChoice.kernels())) {
            for (Head head : new Head[] {first, second}) {
                Gradients g =
                        Gradients.of(doubles(head.q, 70, 32), k, v, doubles(head.dy, 70, 16), head.scale, head.window);
                for (int t = 0; t < 70; t++) {
                    add(1, g.dk[t], dk[t]);
                    add(1, g.dv[t], dv[t]);
                }
                Result r = head.run(attention);
                attention.backward(
                        head.q, first.k, first.v, r.y, head.dy, r.lse, 1, 70, head.window, 32, 16, r.dq, foundDk,
                        foundDv);
            }
        }
        check(foundDk, new Rows(new float[70 * 32], 0, 32), dk, true, 1e-5, "dk, seed " + seed);
        check(foundDv, new Rows(new float[70 * 16], 0, 16), dv, true, 1e-5, "dv, seed " + seed);
    }

    /** Values that longer sequences left in the scratch, here NaN, have no effect. */
    @Test
    void anObjectCanBeReusedForAllLengths() {
        Random random = new Random(31);
        Head nan = Head.of(140, 70, 70, Double.NaN, random);
        Head head = Head.of(67, 20, 36, 1, random);
        try (HeadAttention attention = new HeadAttention(KernelChoice.kernels())) {
            nan.run(attention);
            assertThat(head.run(attention).all()).as("seed 31").isDeepEqualTo(head.run(KernelChoice.kernels()).all());
        }
    }

    @Test
    void closingFreesTheMemory() {
        long before = NativeMemory.allocatedBytes();
        try (HeadAttention attention = new HeadAttention(KernelChoice.kernels())) {
            Head.of(3, 4, 5, 1, new Random(1)).run(attention);
            assertThat(NativeMemory.allocatedBytes()).isGreaterThan(before);
        }
        assertThat(NativeMemory.allocatedBytes()).isEqualTo(before);
    }
}
