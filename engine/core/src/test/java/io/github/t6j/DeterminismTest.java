package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.SessionOptions.CacheType;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Tests that bits are the same in a cold or warm JVM, with any number of threads, in any chunks of one form, alone or
 * beside other sessions. TPA has two forms (ADR 31): passes of 32 rows and more, and shorter ones.
 */
@Tag("width")
class DeterminismTest {
    private static final int LENGTH = 700;
    private static final long SEED = 42;

    /**
     * Hash of the logits after {@link #LENGTH} seeded ids of t6-tiny. This test must find the same hash at all vector
     * widths, and on the class path with the scalar twin.
     */
    static final int HASH = -271461008;

    /** Hashes for the other cache types. */
    private static final Map<CacheType, Integer> HASHES =
            Map.of(
                    CacheType.F32, HASH, CacheType.F16, -151556641, CacheType.BF16, 1392054803, CacheType.Q8,
                    1116681321);

    /** Hashes after short passes. */
    private static final Map<CacheType, Integer> STEP_HASHES = Map.of(
            CacheType.F32, 2049336220, CacheType.F16, -1244075578, CacheType.BF16, 5898539, CacheType.Q8, -859193917);

    static int[] ids() {
        return new Random(SEED).ints(LENGTH, 0, 4096).toArray();
    }

    private static Model load(int threads) {
        return Model.load(TestData.tiny(), ModelOptions.defaults().withThreads(threads));
    }

    private static SessionOptions roomy() {
        return SessionOptions.defaults().withContextLength(LENGTH);
    }

    private static float[] logits(Model model, int chunk) {
        return logits(model, chunk, CacheType.F32);
    }

    private static float[] logits(Model model, int chunk, CacheType type) {
        try (Session session = model.newSession(roomy().withCacheType(type))) {
            int[] ids = ids();
            for (int from = 0; from < ids.length; from += chunk) {
                session.prefill(Arrays.copyOfRange(ids, from, Math.min(ids.length, from + chunk)));
            }
            return session.logits().clone();
        }
    }

    @ParameterizedTest
    @EnumSource(CacheType.class)
    void bitsDoNotDependOnThreadsChunksAndVectorWidths(CacheType type) {
        // other cache types change only the cache
        int[] chunks = type == CacheType.F32 ? new int[] {LENGTH, 64, 100, 128, 300} : new int[] {100};
        int[] steps = type == CacheType.F32 ? new int[] {1, 7, 31} : new int[] {25};
        try (Model one = load(1); Model two = load(2); Model five = load(5)) {
            float[] expected = logits(one, LENGTH, type);
            assertThat(Arrays.hashCode(expected)).isEqualTo(HASHES.get(type));
            float[] stepped = logits(one, 1, type);
            assertThat(Arrays.hashCode(stepped)).isEqualTo(STEP_HASHES.get(type));
            // the forms differ in the last bits, which a cache of reduced precision sometimes rounds differently
            float between = type == CacheType.F32 ? 1e-4f : 2e-3f;
            assertThat(stepped).usingComparatorWithPrecision(between).containsExactly(expected);
            for (Model model : type == CacheType.F32 ? List.of(one, two, five) : List.of(two)) {
                for (int chunk : chunks) {
                    assertThat(logits(model, chunk, type)).as("chunks of " + chunk).isEqualTo(expected);
                }
                for (int chunk : steps) {
                    assertThat(logits(model, chunk, type)).as("chunks of " + chunk).isEqualTo(stepped);
                }
            }
        }
    }

    @Test
    void warmAndTruncatedSessionsGiveTheBitsOfANewOne() {
        try (Model model = load(2); Session session = model.newSession(roomy())) {
            int[] ids = ids();
            session.prefill(ids);
            float[] cold = session.logits().clone();
            for (int round = 0; round < 10; round++) {
                int keep = 64 * round + round;
                session.truncate(keep);
                session.prefill(Arrays.copyOfRange(ids, keep, ids.length));
                assertThat(session.logits()).as("kept " + keep).isEqualTo(cold);
            }
        }
    }

    @Test
    void concurrentSessionsDoNotChangeEachOther() throws InterruptedException {
        try (Model model = load(2); Session a = model.newSession(roomy()); Session b = model.newSession(roomy())) {
            int[] ids = ids();
            for (int i = 0; i < ids.length; i++) {
                a.step(ids[i]);
                b.step(ids[ids.length - 1 - i]);
            }
            assertThat(a.logits()).isEqualTo(logits(model, 25));

            float[] expected = logits(model, LENGTH);
            float[][] results = new float[4][];
            Thread[] threads = new Thread[results.length];
            for (int t = 0; t < threads.length; t++) {
                int index = t;
                threads[t] = new Thread(() -> results[index] = logits(model, 50 + 10 * index));
                threads[t].start();
            }
            for (int t = 0; t < threads.length; t++) {
                threads[t].join();
                assertThat(results[t]).as("thread " + t).isEqualTo(expected);
            }
        }
    }
}
