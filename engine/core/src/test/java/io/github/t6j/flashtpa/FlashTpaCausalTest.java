package io.github.t6j.flashtpa;

import static io.github.t6j.flashtpa.FlashTpaData.assertClose;
import static io.github.t6j.flashtpa.FlashTpaData.oracle;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.SessionOptions.CacheType;
import io.github.t6j.flashtpa.FlashTpa.Factors;
import io.github.t6j.flashtpa.FlashTpa.Options;
import io.github.t6j.flashtpa.FlashTpa.Shape;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests causal attention of prompts against its definition in float64, and against a loop over the tokens. */
class FlashTpaCausalTest {
    /** Returns the mask of causal attention, [batch][queries][tokens]. */
    private static float[] mask(FlashTpaData data, int[] lengths, int[] counts) {
        float[] mask = new float[data.batch() * data.queries() * data.tokens()];
        for (int b = 0; b < data.batch(); b++) {
            for (int i = 0; i < counts[b]; i++) {
                int row = (b * data.queries() + i) * data.tokens();
                Arrays.fill(mask, row + lengths[b] - counts[b] + i + 1, row + data.tokens(), Float.NEGATIVE_INFINITY);
            }
        }
        return mask;
    }

    private static int[] all(int batch, int count) {
        int[] counts = new int[batch];
        Arrays.fill(counts, count);
        return counts;
    }

    /** The sizes cover whole and partial pages, passes of 128 queries, few and many queries, and whole queries. */
    @Tag("width")
    @ParameterizedTest
    @CsvSource({
        "5, 20, 12, 3, 2, 2,  2, 150, 150, 2",
        "7, 64, 64, 6, 2, 2,  1, 257, 257, 3",
        "17, 31, 3, 4, 3, 5,  1, 191, 191, 1",
        "5, 18, 24, 0, 2, 3,  2, 97, 191, 2",
        "3, 33, 65, 3, 2, 1,  1, 40, 1025, 2",
        "6, 16, 16, 3, 2, 2,  3, 20, 150, 2",
        "1, 1, 1, 1, 1, 1,    1, 1, 1, 1"
    })
    void outputsMatchTheDefinition(
            int heads, int d, int e, int rQ, int rK, int rV, int batch, int queries, int tokens, int threads) {
        long seed = new Random().nextLong();
        FlashTpaData data = FlashTpaData.random(
                new Shape(heads, d, e, rQ, rK, rV), batch, queries, tokens, new Random(seed));
        Options options = Options.defaults(data.shape()).withScales(0.3, 0.7, 0.9, 1.7).withThreads(threads);
        int[] lengths = all(batch, tokens);
        try (FlashTpa flash = new FlashTpa(data.shape(), options); FlashTpaCache cache = flash.newCache(batch)) {
            cache.append(tokens, data.k(), data.v());

            assertClose(cache.attendCausal(queries, data.q()),
                    oracle(data, options, lengths, mask(data, lengths, all(batch, queries))), "seed " + seed);
        }
    }

    @Test
    void aBatchOfPromptsMayHaveDifferentLengths() {
        long seed = new Random().nextLong();
        FlashTpaData data = FlashTpaData.random(new Shape(6, 16, 16, 3, 2, 2), 4, 150, 150, new Random(seed));
        Options options = Options.defaults(data.shape()).withSigmoid().withThreads(2);
        int[] counts = {150, 1, 67, 0};
        try (FlashTpa flash = new FlashTpa(data.shape(), options); FlashTpaCache cache = flash.newCache(4)) {
            cache.append(150, counts, data.k(), data.v());
            float[] out = new float[4 * 150 * 6 * 16];
            Arrays.fill(out, Float.NaN);

            cache.attendCausal(150, counts, data.q(), out);

            double[] expected = oracle(data, options, counts, mask(data, counts, counts));
            for (int b = 0; b < 4; b++) {
                Arrays.fill(expected, (b * 150 + counts[b]) * 96, (b + 1) * 150 * 96, 0);
            }
            assertClose(out, expected, "seed " + seed);
        }
    }

    /** Both read the same rounded factors, in another order. */
    @ParameterizedTest
    @EnumSource(CacheType.class)
    void outputsMatchALoopOverTheTokens(CacheType type) {
        int tokens = 300;
        FlashTpaData data = FlashTpaData.random(new Shape(5, 20, 12, 3, 2, 2), 1, tokens, tokens, new Random(7));
        try (FlashTpa flash = new FlashTpa(data.shape());
                FlashTpaCache prompt = flash.newCache(1, type);
                FlashTpaCache steps = flash.newCache(1, type)) {
            prompt.append(tokens, data.k(), data.v());
            float[] found = prompt.attendCausal(tokens, data.q());
            for (int t = 0; t < tokens; t++) {
                FlashTpaData token = data.tokens(t, t + 1);
                steps.append(1, token.k(), token.v());
                float[] step = steps.attend(1, Factors.of(
                        Arrays.copyOfRange(data.aQ(), t * 15, t * 15 + 15),
                        Arrays.copyOfRange(data.bQ(), t * 60, t * 60 + 60)));
                for (int i = 0; i < 60; i++) {
                    assertThat(found[t * 60 + i]).as("token " + t + ", element " + i).isCloseTo(step[i], within(2e-5f));
                }
            }
        }
    }

    @Test
    void bitsDoNotDependOnThreadsAndOtherSequences() {
        FlashTpaData data = FlashTpaData.random(new Shape(7, 20, 12, 3, 2, 2), 2, 290, 290, new Random(9));
        float[] expected = null;
        for (int threads = 1; threads <= 4; threads++) {
            Options options = Options.defaults(data.shape()).withThreads(threads);
            try (FlashTpa flash = new FlashTpa(data.shape(), options); FlashTpaCache cache = flash.newCache(2)) {
                cache.append(290, data.k(), data.v());
                float[] found = cache.attendCausal(290, data.q());
                expected = expected == null ? found.clone() : expected;
                assertThat(found).as(threads + " threads").isEqualTo(expected);
                float[] second = new float[found.length];
                cache.attendCausal(290, new int[] {0, 290}, data.q(), second);
                Arrays.fill(found, 0, found.length / 2, 0f);
                assertThat(second).isEqualTo(found);
            }
        }
    }

    /** A prompt that continues one in the cache, as in a conversation; truncating and restoring change nothing. */
    @Test
    void aLaterPromptSeesTheTokensBefore() {
        FlashTpaData data = FlashTpaData.random(new Shape(4, 16, 8, 2, 1, 1), 1, 200, 200, new Random(4));
        try (FlashTpa flash = new FlashTpa(data.shape()); FlashTpaCache cache = flash.newCache(1)) {
            cache.append(200, data.k(), data.v());
            float[] expected = cache.attendCausal(200, data.q());
            cache.truncate(130);
            FlashTpaData rest = data.tokens(130, 200);
            cache.append(70, rest.k(), rest.v());
            Factors q = Factors.of(
                    Arrays.copyOfRange(data.aQ(), 130 * 8, 200 * 8), Arrays.copyOfRange(data.bQ(), 130 * 32, 200 * 32));
            float[] found = cache.attendCausal(70, q);
            for (int i = 0; i < found.length; i++) {
                assertThat(found[i]).as("element " + i).isCloseTo(expected[130 * 32 + i], within(2e-5f));
            }
        }
    }

    @Test
    void errorsNameTheInvalidArgument() {
        FlashTpaData data = FlashTpaData.random(new Shape(3, 8, 5, 2, 2, 1), 2, 4, 10, new Random(2));
        try (FlashTpa flash = new FlashTpa(data.shape()); FlashTpaCache cache = flash.newCache(2)) {
            cache.append(10, new int[] {10, 3}, data.k(), data.v());
            refuses(() -> cache.attendCausal(4, data.q()), "counts[1]: expected 0 to 3, found 4");
            refuses(() -> cache.attendCausal(4, new int[] {4}, data.q(), new float[120]),
                    "counts: expected one per sequence, 2, found 1");
            refuses(() -> cache.attendCausal(4, new int[] {5, 3}, data.q(), new float[120]),
                    "counts[0]: expected 0 to 4 (queries), found 5");
            refuses(() -> cache.attendCausal(3, data.q()),
                    "q.a: expected [2][3][3][2] = 36 elements (144 bytes), found 192 bytes");
            refuses(() -> cache.attendCausal(0, data.q()), "queries: expected 1 or more, found 0");
            refuses(() -> cache.attendCausal(4, new int[] {4, 3}, data.q(), new float[119]),
                    "out: expected [2][4][3][5] = 120 elements (480 bytes), found 476 bytes");
        }
    }

    private static void refuses(Runnable call, String message) {
        assertThatIllegalArgumentException().isThrownBy(call::run).withMessage(message);
    }
}
