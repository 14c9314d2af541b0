package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.attention.AttentionPath;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.safetensors.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests models with fixed and shared factors, loaded from folders, whose sessions share pages of rotated factors. */
class VariantSessionsTest {
    private static final int WIDTH = 24;
    private static final int HEADS = 3;
    private static final int HEAD_DIM = 8;
    private static final int RANK = 2;
    private static final int LAYERS = 2;
    private static final int LENGTH = 300;
    private static final long SEED = 11;

    @TempDir
    Path folder;

    private final Random random = new Random(SEED);
    private final List<Tensor> tensors = new ArrayList<>();

    @BeforeEach
    void common() {
        for (int layer = 0; layer < LAYERS; layer++) {
            String block = "transformer.h." + layer + ".";
            add(block + "attn.c_qkv.W_A_q.weight", HEADS * 3, WIDTH);
            add(block + "attn.c_qkv.W_B_q.weight", 3 * HEAD_DIM, WIDTH);
            add(block + "attn.c_qkv.W_A_k.weight", HEADS * RANK, WIDTH);
            add(block + "attn.c_qkv.W_A_v.weight", HEADS * RANK, WIDTH);
            add(block + "attn.c_proj.weight", WIDTH, HEADS * HEAD_DIM);
            add(block + "mlp.c_fc1.weight", 2 * WIDTH, WIDTH);
            add(block + "mlp.c_fc2.weight", 2 * WIDTH, WIDTH);
            add(block + "mlp.c_proj.weight", WIDTH, 2 * WIDTH);
        }
        add("lm_head.weight", 60, WIDTH);
    }

    private void add(String name, int rows, int columns) {
        float[] elements = TestNumbers.normal(random, rows * columns, 0.4);
        tensors.add(Tensor.of(name, elements, rows, columns));
    }

    private Model load(String t6j, int threads) {
        try {
            Safetensors.write(folder.resolve("model.safetensors"), Map.of(), tensors);
            Files.writeString(folder.resolve("config.json"), "{\"n_head\": 3, \"block_size\": 400}");
            Files.writeString(folder.resolve("t6j.json"), t6j);
        } catch (IOException failure) {
            throw new AssertionError(failure);
        }
        return Model.load(folder, ModelOptions.defaults().withThreads(threads));
    }

    private Model load(boolean shared, boolean fixed, int threads) {
        for (int layer = 0; layer < LAYERS; layer++) {
            for (String of : shared ? new String[] {"k"} : new String[] {"k", "v"}) {
                String prefix = "transformer.h." + layer + ".attn.c_qkv.";
                if (fixed) {
                    add(prefix + "b_" + of, RANK, HEAD_DIM);
                } else {
                    add(prefix + "W_B_" + of + ".weight", RANK * HEAD_DIM, WIDTH);
                }
            }
        }
        return load("{\"head_factors\": \"softmax\", \"shared_b\": " + shared + "}", threads);
    }

    private static float[] logits(Model model, int[] ids, int chunk) {
        try (Session session = model.newSession(SessionOptions.defaults().withContextLength(LENGTH))) {
            for (int from = 0; from < ids.length; from += chunk) {
                session.prefill(Arrays.copyOfRange(ids, from, Math.min(ids.length, from + chunk)));
            }
            return session.logits().clone();
        }
    }

    @Test
    void fixedKeysAreStoredOnceForAllSessions() throws InterruptedException {
        int[] ids = random.ints(LENGTH, 0, 60).toArray();
        float[] expected;
        try (Model model = load(false, true, 1)) {
            expected = logits(model, ids, LENGTH);
        }
        try (Model model = Model.load(folder, ModelOptions.defaults().withThreads(3))) {
            assertThat(model.info().attention().name()).isEqualTo("T6, fixed b_k b_v, softmax A");
            assertThat(model.info().cache().elementsPerToken()).isEqualTo(2 * RANK * HEADS);
            assertThat(model.info().cache().sharedElementsPerPosition()).isEqualTo(LAYERS * RANK * HEAD_DIM);
            long constant = model.sharedBytes();
            long page = 64L * Float.BYTES * LAYERS * RANK * HEAD_DIM;
            logits(model, Arrays.copyOf(ids, 65), 65);
            assertThat(model.sharedBytes() - constant).isEqualTo(2 * page);
            float[][] results = new float[4][];
            Thread[] threads = new Thread[results.length];
            for (int t = 0; t < threads.length; t++) {
                int index = t;
                threads[t] = new Thread(() -> results[index] = logits(model, ids, 64 + 60 * index));
                threads[t].start();
            }
            for (int t = 0; t < threads.length; t++) {
                threads[t].join();
                assertThat(results[t]).as("thread " + t).isEqualTo(expected);
            }
            assertThat(model.sharedBytes() - constant).as("longest session").isEqualTo(5 * page);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aSharedBIsCachedOnceAndPathsAndChunksAgree(boolean fixed) {
        int[] ids = random.ints(LENGTH, 0, 60).toArray();
        try (Model model = load(true, fixed, 2)) {
            assertThat(model.info().cache().elementsPerToken())
                    .isEqualTo(2 * RANK * HEADS + (fixed ? 0 : RANK * HEAD_DIM));
            assertThat(model.info().cache().sharedElementsPerPosition())
                    .isEqualTo(fixed ? LAYERS * RANK * HEAD_DIM : HEAD_DIM);
            float[] expected = logits(model, ids, LENGTH);
            assertThat(logits(model, ids, 67)).isEqualTo(expected);
            float[] steps = logits(model, ids, 1); // another form, ADR 31
            assertThat(logits(model, ids, 30)).isEqualTo(steps);
            assertThat(steps).usingComparatorWithPrecision(1e-4f).containsExactly(expected);
            SessionOptions oracle =
                    AttentionPath.MATERIALIZED.of(SessionOptions.defaults().withContextLength(LENGTH));
            try (Session session = model.newSession(oracle)) {
                session.prefill(ids);
                for (int i = 0; i < expected.length; i++) {
                    assertThat(Math.abs(session.logits()[i] - expected[i])).as("seed " + SEED).isLessThan(1e-4f);
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"false, false", "false, true", "true, false", "true, true"})
    void everyCacheTypeWorks(boolean shared, boolean fixed) {
        int[] ids = random.ints(100, 0, 60).toArray();
        try (Model model = load(shared, fixed, 2)) {
            float[] exact = logits(model, ids, 100);
            for (SessionOptions.CacheType type : SessionOptions.CacheType.values()) {
                SessionOptions options = SessionOptions.defaults().withCacheType(type);
                try (Session whole = model.newSession(options); Session restored = model.newSession(options)) {
                    whole.prefill(Arrays.copyOf(ids, 70));
                    whole.save(folder.resolve("session"));
                    restored.restore(folder.resolve("session"));
                    whole.prefill(Arrays.copyOfRange(ids, 70, 100));
                    for (int i = 70; i < 100; i++) {
                        restored.step(ids[i]);
                    }
                    assertThat(restored.logits()).as(type.name()).isEqualTo(whole.logits());
                    for (int i = 0; i < exact.length; i++) {
                        assertThat(Math.abs(whole.logits()[i] - exact[i])).as(type + ", seed " + SEED).isLessThan(0.1f);
                    }
                }
            }
        }
    }
}
