package io.github.t6j.flashtpa;

import static io.github.t6j.flashtpa.FlashTpaData.floats;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.SessionOptions.CacheType;
import io.github.t6j.TestNumbers;
import io.github.t6j.flashtpa.FlashTpa.Factors;
import io.github.t6j.flashtpa.FlashTpa.Options;
import io.github.t6j.flashtpa.FlashTpa.Shape;
import io.github.t6j.flashtpa.FlashTpaSteps.Shifts;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests grouped heads, token shifts and norms of FlashTPA against the definition in float64. */
class FlashTpaStepsTest {
    private static final int BATCH = 2;
    private static final int TOKENS = 83; // two pages
    private static final int SIZE = 10;
    private static final int RANK = 3;

    /** Factors of random sequences, keys and values of {@code groups} heads, and their definition. */
    private record Data(Shape shape, FlashTpaSteps steps, float[] aQ, float[] bQ, float[] aK, float[] bK, float[] aV,
            float[] bV, float[] keyShifts, float[] valueShifts) {
        static Data random(Shape shape, FlashTpaSteps steps, Random random) {
            int rows = BATCH * TOKENS;
            int vectors = shape.queryRank() == 0 ? shape.heads() : shape.queryRank();
            int groups = rows * steps.keyHeads();
            return new Data(
                    shape, steps, floats(random, rows * shape.heads() * shape.queryRank()),
                    floats(random, rows * vectors * SIZE), floats(random, groups * RANK),
                    floats(random, rows * RANK * SIZE), floats(random, groups * RANK),
                    floats(random, rows * RANK * SIZE), unit(random, groups), unit(random, groups));
        }

        private static float[] unit(Random random, int count) {
            float[] gates = TestNumbers.uniform(random, count, 0.5f);
            for (int i = 0; i < count; i++) {
                gates[i] += 0.5f;
            }
            return gates;
        }

        /** Returns the elements of tokens {@code from … to} of each sequence. */
        private static float[] part(float[] all, int from, int to) {
            int size = all.length / (BATCH * TOKENS);
            float[] part = new float[BATCH * (to - from) * size];
            for (int b = 0; b < BATCH; b++) {
                System.arraycopy(all, (b * TOKENS + from) * size, part, b * (to - from) * size, (to - from) * size);
            }
            return part;
        }

        void append(FlashTpaCache cache, int from, int to) {
            cache.append(
                    to - from, Factors.of(part(aK, from, to), part(bK, from, to)),
                    Factors.of(part(aV, from, to), part(bV, from, to)),
                    steps.shift() ? Shifts.of(part(keyShifts, from, to), part(valueShifts, from, to)) : null);
        }

        Factors queries(int from, int to) {
            return Factors.of(part(aQ, from, to), part(bQ, from, to));
        }

        private static double[] product(float[] a, float[] b, int row, int head, int heads, int rank) {
            double[] x = new double[SIZE];
            for (int r = 0; r < rank; r++) {
                for (int d = 0; d < SIZE; d++) {
                    x[d] += (double) a[(row * heads + head) * rank + r] * b[(row * rank + r) * SIZE + d] / rank;
                }
            }
            return x;
        }

        private static double[] norm(double[] x, double epsilon) {
            double mean = Arrays.stream(x).map(e -> e * e).sum() / x.length;
            return epsilon == 0 ? x : Arrays.stream(x).map(e -> e / Math.sqrt(mean + epsilon)).toArray();
        }

        private double[] shifted(float[] a, float[] b, float[] gates, int row, int head) {
            double[] own = product(a, b, row, head, steps.keyHeads(), RANK);
            if (!steps.shift() || row % TOKENS == 0) {
                return own;
            }
            double[] before = product(a, b, row - 1, head, steps.keyHeads(), RANK);
            double alpha = gates[row * steps.keyHeads() + head];
            double[] mixed = new double[SIZE];
            Arrays.setAll(mixed, d -> (1 - alpha) * own[d] + alpha * before[d]);
            return mixed;
        }

        /** Returns the output of a head for the query of {@code row}, over the tokens up to its own. */
        double[] output(int row, int head, double scale) {
            int group = head / (shape.heads() / steps.keyHeads());
            double[] q = new double[SIZE];
            if (shape.queryRank() == 0) {
                Arrays.setAll(q, d -> bQ[(row * shape.heads() + head) * SIZE + d]);
            } else {
                q = norm(product(aQ, bQ, row, head, shape.heads(), shape.queryRank()), steps.normEpsilon());
            }
            double[] out = new double[SIZE];
            double sum = 0;
            for (int t = row / TOKENS * TOKENS; t <= row; t++) {
                double[] k = norm(shifted(aK, bK, keyShifts, t, group), steps.normEpsilon());
                double[] v = shifted(aV, bV, valueShifts, t, group);
                double score = 0;
                for (int d = 0; d < SIZE; d++) {
                    score += scale * q[d] * k[d];
                }
                double weight = Math.exp(score);
                sum += weight;
                for (int d = 0; d < SIZE; d++) {
                    out[d] += weight * v[d];
                }
            }
            double total = sum;
            return Arrays.stream(out).map(e -> e / total).toArray();
        }
    }

    private static void check(Data data, float[] y, int from, int to, double scale, double tolerance, String what) {
        int heads = data.shape.heads();
        for (int i = 0; i < y.length; i += SIZE) {
            int query = i / SIZE / heads;
            int row = query / (to - from) * TOKENS + from + query % (to - from);
            double[] expected = data.output(row, i / SIZE % heads, scale);
            for (int d = 0; d < SIZE; d++) {
                assertThat((double) y[i + d]).as("%s, row %d, element %d", what, row, i + d)
                        .isCloseTo(expected[d], within(tolerance));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "6, 4, 3, false, 0", "6, 4, 6, true, 0", "6, 4, 6, false, 1e-6", "6, 4, 2, true, 1e-5", "6, 0, 3, true, 1e-5",
        "5, 0, 1, false, 0"
    })
    void stepsMatchTheirDefinition(int heads, int queryRank, int groups, boolean shift, float epsilon) {
        long seed = 31L * heads + groups;
        Shape shape = new Shape(heads, SIZE, SIZE, queryRank, RANK, RANK);
        FlashTpaSteps steps = new FlashTpaSteps(groups, shift, epsilon);
        Data data = Data.random(shape, steps, new Random(seed));
        double scale = 0.3;
        double half = epsilon == 0 ? 0.5 : 1; // norms make this scale ineffective
        Options options = Options.defaults(shape).withThreads(2).withSteps(steps);
        options = options.withScales(scale, options.queryScale(), 0.5 * options.keyScale(), options.valueScale());
        for (CacheType type : new CacheType[] {CacheType.F32, CacheType.BF16}) {
            double tolerance = type == CacheType.F32 ? 2e-5 : 0.1;
            try (FlashTpa flash = new FlashTpa(shape, options); FlashTpaCache cache = flash.newCache(BATCH, type)) {
                data.append(cache, 0, 70);
                float[] y = cache.attendCausal(70, data.queries(0, 70));
                check(data, y, 0, 70, scale * half, tolerance, "seed " + seed + " causal " + type);
                for (int t = 70; t < TOKENS; t++) {
                    data.append(cache, t, t + 1);
                    y = cache.attend(1, data.queries(t, t + 1));
                    check(data, y, t, t + 1, scale * half, tolerance, "seed " + seed + " single " + type);
                }
            }
        }
    }

    @Test
    void truncatedForkedAndSavedCachesKeepTheirPredecessors(@TempDir Path folder) {
        Shape shape = new Shape(6, SIZE, SIZE, 4, RANK, RANK);
        FlashTpaSteps steps = new FlashTpaSteps(2, true, 1e-5f);
        Data data = Data.random(shape, steps, new Random(11));
        Options options = Options.defaults(shape).withSteps(steps);
        Path file = folder.resolve("cache");
        try (FlashTpa flash = new FlashTpa(shape, options); FlashTpaCache cache = flash.newCache(BATCH)) {
            data.append(cache, 0, 66);
            try (FlashTpaCache fork = cache.fork()) {
                fork.truncate(64); // the predecessor is in the page before
                data.append(fork, 64, 80);
                fork.save(file);
            }
            cache.restore(file);
            float[] y = cache.attendCausal(80, data.queries(0, 80));
            check(data, y, 0, 80, options.scale(), 2e-5, "restored");
            try (FlashTpa other = new FlashTpa(shape, Options.defaults(shape).withSteps(
                    new FlashTpaSteps(2, true, 0f))); FlashTpaCache wrong = other.newCache(BATCH)) {
                assertThatThrownBy(() -> wrong.restore(file)).hasMessageContaining("another FlashTpa");
            }
        }
    }

    @Test
    void argumentsThatDoNotFitAreRefused() {
        Shape shape = new Shape(6, SIZE, SIZE, 4, RANK, RANK);
        Options options = Options.defaults(shape);
        assertThatThrownBy(() -> new FlashTpa(shape, options.withSteps(new FlashTpaSteps(4, false, 0f))))
                .hasMessageContaining("expected heads to be a multiple of 4 key heads");
        assertThatThrownBy(() -> new FlashTpaSteps(1, true, Float.NaN)).hasMessageContaining("normEpsilon");
        FlashTpaSteps steps = new FlashTpaSteps(2, true, 0f);
        Data data = Data.random(shape, steps, new Random(1));
        try (FlashTpa flash = new FlashTpa(shape, options.withSteps(steps));
                FlashTpa plain = new FlashTpa(shape, options);
                FlashTpaCache cache = flash.newCache(BATCH);
                FlashTpaCache official = plain.newCache(BATCH)) {
            Factors keys = Factors.of(Data.part(data.aK, 0, 1), Data.part(data.bK, 0, 1));
            assertThatThrownBy(() -> cache.append(1, keys, keys)).hasMessageContaining("shifts: expected gates");
            Factors all = Factors.of(new float[BATCH * 6 * RANK], new float[BATCH * RANK * SIZE]);
            assertThatThrownBy(() -> official.append(1, all, all, Shifts.of(new float[4], new float[4])))
                    .hasMessageContaining("shifts: expected none");
            assertThatThrownBy(() -> cache.append(1, all, keys, Shifts.of(new float[4], new float[4])))
                    .hasMessageContaining("keys.a: expected [2][1][2][3]");
        }
    }
}
