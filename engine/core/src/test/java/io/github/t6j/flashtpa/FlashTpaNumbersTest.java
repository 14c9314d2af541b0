package io.github.t6j.flashtpa;

import static io.github.t6j.flashtpa.FlashTpaData.assertClose;
import static io.github.t6j.flashtpa.FlashTpaData.oracle;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.SessionOptions.CacheType;
import io.github.t6j.flashtpa.FlashTpa.Factors;
import io.github.t6j.flashtpa.FlashTpa.Options;
import io.github.t6j.flashtpa.FlashTpa.Shape;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests what {@link FlashTpaCache} documents about NaN, infinities and the ranges of the cache types. */
class FlashTpaNumbersTest {
    private static final Shape SHAPE = new Shape(3, 8, 8, 2, 2, 1);
    private static final int TOKENS = 150;
    private static final int TOKEN = 70;

    private final FlashTpaData data = FlashTpaData.random(SHAPE, 1, TOKENS, TOKENS, new Random(3));

    private float[] attend(CacheType type, boolean causal) {
        try (FlashTpa flash = new FlashTpa(SHAPE); FlashTpaCache cache = flash.newCache(1, type)) {
            cache.append(TOKENS, data.k(), data.v());
            return causal ? cache.attendCausal(TOKENS, data.q()) : cache.attend(TOKENS, data.q());
        }
    }

    private static boolean isNaN(float[] out, int query, int head) {
        return IntStream.range(0, 8).allMatch(e -> Float.isNaN(out[(query * 3 + head) * 8 + e]));
    }

    @ParameterizedTest
    @EnumSource(CacheType.class)
    void nanInHeadFactorsReachesTheQueriesThatSeeTheToken(CacheType type) {
        for (float[] factors : new float[][] {data.aK(), data.aV()}) {
            float before = factors[TOKEN * factors.length / TOKENS];
            factors[TOKEN * factors.length / TOKENS] = Float.NaN; // of head 0
            for (boolean causal : new boolean[] {false, true}) {
                float[] out = attend(type, causal);
                for (int query = causal ? TOKEN : 0; query < TOKENS; query++) {
                    assertThat(isNaN(out, query, 0)).as(type + ", query " + query).isTrue();
                    assertThat(isNaN(out, query, 1)).as(type + ", another head").isEqualTo(type == CacheType.Q8);
                }
                assertThat(isNaN(out, 0, 0)).as("a query that does not see it").isEqualTo(!causal);
            }
            factors[TOKEN * factors.length / TOKENS] = before;
        }
    }

    @ParameterizedTest
    @EnumSource(CacheType.class)
    void nanInFeaturesReachesAllHeads(CacheType type) {
        data.bK()[TOKEN * 16 + 3] = Float.NaN;
        for (boolean causal : new boolean[] {false, true}) {
            float[] out = attend(type, causal);
            for (int query = causal ? TOKEN : 0; query < TOKENS; query++) {
                assertThat(isNaN(out, query, 0) && isNaN(out, query, 2)).as(type + ", query " + query).isTrue();
            }
        }
        data.bK()[TOKEN * 16 + 3] = 1;
        data.bV()[TOKEN * 8 + 3] = Float.NaN;
        float[] out = attend(type, true);
        for (int i = TOKEN * 24; i < out.length; i++) {
            assertThat(Float.isNaN(out[i])).as(type + ", element " + i).isEqualTo(type == CacheType.Q8 || i % 8 == 3);
        }
    }

    /** The second of two tokens has the infinity. */
    @Test
    void infinitiesFollowTheRulesOfFloats() {
        float inf = Float.POSITIVE_INFINITY;
        assertThat(attendTwo(inf, 5, null)).as("key +∞").isNaN();
        assertThat(attendTwo(-inf, 5, null)).as("key −∞").isEqualTo(2);
        assertThat(attendTwo(1, inf, null)).as("value +∞").isEqualTo(inf);
        assertThat(attendTwo(-inf, 5, new float[] {-inf, 0})).as("all −∞").isZero();
        float[] mask = {0, -inf};
        assertThat(attendTwo(1, 5, mask)).as("masked").isEqualTo(2);
        assertThat(attendTwo(Float.NaN, 5, mask)).as("masked NaN").isNaN();
        assertThat(attendTwo(1, inf, mask)).as("masked value +∞").isNaN();
    }

    /** Attends the query 1 over tokens of keys 1 and {@code key}, and of values 2 and {@code value}. */
    private static float attendTwo(float key, float value, float[] mask) {
        Shape shape = new Shape(1, 1, 1, 1, 1, 1);
        float[] ones = {1, 1};
        try (FlashTpa flash = new FlashTpa(shape); FlashTpaCache cache = flash.newCache(1)) {
            cache.append(2, Factors.of(ones, new float[] {1, key}), Factors.of(ones, new float[] {2, value}));
            return cache.attend(1, Factors.of(new float[] {1}, new float[] {1}), mask)[0];
        }
    }

    /** Numbers in their range, however large, give the weights of the definition. */
    @Test
    void largeFiniteScoresAreExact() {
        for (int i = 0; i < data.aK().length; i++) {
            data.aK()[i] *= 1e15f;
            data.aQ()[i] *= 1e15f;
        }
        try (FlashTpa flash = new FlashTpa(SHAPE); FlashTpaCache cache = flash.newCache(1)) {
            cache.append(TOKENS, data.k(), data.v());
            float[] found = cache.attend(TOKENS, data.q());
            assertClose(found, oracle(data, Options.defaults(SHAPE), new int[] {TOKENS}, null), "large");
        }
    }

    /** From 65520 on a number rounds to infinity in f16; below 2⁻²⁵ to 0. */
    @Test
    void f16HoldsNumbersUpTo65504() {
        assertThat(value(CacheType.F16, 65519f)).isEqualTo(65504f);
        assertThat(value(CacheType.F16, 65520f)).isEqualTo(Float.POSITIVE_INFINITY);
        assertThat(value(CacheType.F16, 0x1p-24f)).isEqualTo(0x1p-24f);
        assertThat(value(CacheType.F16, 0x1p-26f)).isZero();
        assertThat(value(CacheType.F32, 65520f)).isEqualTo(65520f);
        assertThat(value(CacheType.BF16, 3e38f)).isBetween(2.98e38f, 3.02e38f);
        assertThat(value(CacheType.Q8, 3e38f)).isBetween(2.98e38f, 3.02e38f);
    }

    /** Returns the output of one token, which is its value: A_V is 1 and the only rank. */
    private static float value(CacheType type, float value) {
        Shape shape = new Shape(1, 1, 1, 1, 1, 1);
        try (FlashTpa flash = new FlashTpa(shape); FlashTpaCache cache = flash.newCache(1, type)) {
            Factors unit = Factors.of(new float[] {1}, new float[] {1});
            cache.append(1, unit, Factors.of(new float[] {1}, new float[] {value}));
            return cache.attend(1, unit)[0];
        }
    }
}
