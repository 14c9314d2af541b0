package io.github.t6j.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.ModelFormatException;
import io.github.t6j.TestNumbers;
import io.github.t6j.kernels.Format;
import io.github.t6j.weights.LazyTensor;
import io.github.t6j.weights.Tensor;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests that a cache returns each token's elements, whichever caches share its pages. */
class PagedCacheTest {
    private static final int LAYERS = 3;
    private static final PageLayout LAYOUT = new PageLayout(List.of(PageLayout.Vectors.oneByOne(2, 5)), 2, 5);
    private static final int ELEMENTS = 10; // in columns, and in rows

    private static final long SEED = 5;

    private final Random random = new Random(SEED);

    private static PagedCache cache(Format format) {
        return new PagedCache(LAYOUT, format, LAYERS);
    }

    /** Appends tokens of different elements to all layers and returns the first column of each, [token][layer]. */
    private float[][] append(PagedCache cache, int from, int count) {
        return append(cache, from, count, LAYERS);
    }

    private float[][] append(PagedCache cache, int from, int count, int layers) {
        float[][] first = new float[count][layers];
        cache.reserve(from, from + count);
        for (int i = 0; i < count; i++) {
            for (int layer = 0; layer < layers; layer++) {
                float[] row = TestNumbers.normal(random, 2 * ELEMENTS, 1);
                cache.pageOf(layer, from + i).write(PagedCache.slot(from + i), row, 0, row, ELEMENTS);
                first[i][layer] = row[0];
            }
        }
        cache.commit();
        return first;
    }

    private static void assertHolds(PagedCache cache, int from, float[][] first) {
        for (int i = 0; i < first.length; i++) {
            for (int layer = 0; layer < LAYERS; layer++) {
                assertThat(cache.pageOf(layer, from + i).column(PagedCache.slot(from + i), 0))
                        .as("token " + (from + i) + " layer " + layer).isEqualTo(first[i][layer]);
            }
        }
    }

    /** Also elements that stay f32, which are between 0 and 1 as gates are, in written and in copied pages. */
    @Test
    void aFilledCacheHasAllElements() {
        int tokens = 700;
        PageLayout gated = new PageLayout(LAYOUT.vectors(), 2, 5, 3);
        try (PagedCache cache = new PagedCache(gated, Format.BF16, LAYERS)) {
            cache.fill(tokens, SEED);
            for (int token = 0; token < tokens; token++) {
                for (int layer = 0; layer < LAYERS; layer++) {
                    Page page = cache.pageOf(layer, token);
                    for (int i = 0; i < 3; i++) {
                        assertThat(page.exact(PagedCache.slot(token), i)).as("token %d, layer %d", token, layer)
                                .isGreaterThan(0).isLessThan(1);
                    }
                }
            }
        }
    }

    @Test
    void everyTokenHasItsPlaceInEveryLayer() {
        try (PagedCache cache = cache(Format.F32)) {
            float[][] some = append(cache, 0, 63);
            float[][] more = append(cache, 63, 200);
            assertHolds(cache, 0, some);
            assertHolds(cache, 63, more);
            assertThat(cache.bytes(263)).isEqualTo(263L * LAYERS * LAYOUT.bytesPerToken(Format.F32));
        }
    }

    @Test
    void forksShareUntilOneWrites() {
        try (PagedCache cache = cache(Format.F32)) {
            float[][] common = append(cache, 0, 100);
            try (PagedCache fork = cache.fork(100)) {
                float[][] own = append(cache, 100, 50);
                float[][] forked = append(fork, 100, 70);
                assertHolds(cache, 0, common);
                assertHolds(fork, 0, common);
                assertHolds(cache, 100, own);
                assertHolds(fork, 100, forked);
                cache.truncate(150, 20);
                float[][] again = append(cache, 20, 30);
                assertHolds(fork, 0, common);
                assertHolds(cache, 20, again);
            }
            assertHolds(cache, 0, Arrays.copyOf(common, 20));
        }
    }

    @Test
    void aForkOutlivesWhatItWasMadeOf() {
        PagedCache cache = cache(Format.F32);
        float[][] common = append(cache, 0, 70);
        try (PagedCache fork = cache.fork(70)) {
            cache.close();
            assertHolds(fork, 0, common);
        }
    }

    /** Tests that layers with windows have what queries see, and no more pages than those and a pass take. */
    @Test
    void aRingHasTheTokensOfItsWindow() {
        int[] windows = {0, 70, 1, 70, 300, Integer.MAX_VALUE};
        Random sizes = new Random(SEED);
        try (PagedCache cache = new PagedCache(LAYOUT, Format.F32, windows)) {
            List<float[]> all = new ArrayList<>(); // first columns of each token's layers
            while (all.size() < 1500) {
                int from = all.size();
                int count = sizes.nextInt(3) > 0 ? 1 + sizes.nextInt(128) : 1;
                PagedCache fork = sizes.nextInt(4) == 0 ? cache.fork(from) : null;
                all.addAll(Arrays.asList(append(cache, from, count, windows.length)));
                for (int layer = 0; layer < windows.length; layer++) {
                    int first = windows[layer] == 0 ? 0 : Math.max(0, from + 1 - windows[layer]);
                    for (int token = first; token < all.size(); token++) {
                        assertThat(cache.pageOf(layer, token).column(PagedCache.slot(token), 0))
                                .as("seed %s, %s tokens, token %s, layer %s", SEED, all.size(), token, layer)
                                .isEqualTo(all.get(token)[layer]);
                    }
                }
                int length = all.size();
                assertThat(cache.reaches(Math.max(0, length - 128))).isTrue();
                assertThat(cache.reaches(Math.max(0, length - 192))).isEqualTo(length <= 192);
                if (fork != null) {
                    fork.close();
                }
            }
            long page = PagedCache.heldBytes(LAYOUT, Format.F32, new int[1], 1);
            assertThat(cache.heldBytes()).as("seed " + SEED)
                    .isBetween(page * (24 + 4 + 3 + 4 + 7 + 24), page * 2 * (26 + 5 + 3 + 5 + 8 + 26));
            assertThat(PagedCache.heldBytes(LAYOUT, Format.F32, windows, 1500))
                    .isEqualTo(page * (24 + 5 + 3 + 5 + 8 + 24));
            assertThat(cache.truncate(all.size(), all.size() - 128)).isEqualTo(all.size() - 128);
            assertThat(cache.truncate(all.size() - 128, 1000)).as("further back than a ring reaches").isZero();
            assertThat(cache.heldBytes()).isZero();
        }
    }

    /** Tests that files from before layers with windows dropped pages are read. */
    @Test
    void aFileOfAllPagesIsRestoredInARing() {
        int[] windows = {0, 70, 5};
        try (PagedCache cache = cache(Format.F32);
                PagedCache restored = new PagedCache(LAYOUT, Format.F32, windows);
                Arena arena = Arena.ofConfined()) {
            float[][] first = append(cache, 0, 500);
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            for (LazyTensor lazy : cache.tensors(500)) {
                tensors.put(lazy.name(), new Tensor(lazy.name(), lazy.dtype(), lazy.shape(), lazy.data().apply(arena)));
            }
            restored.restore(tensors, 500, "here");
            for (int layer = 0; layer < LAYERS; layer++) {
                for (int token = windows[layer] == 0 ? 0 : 372 - windows[layer] + 1; token < 500; token++) {
                    assertThat(restored.pageOf(layer, token).column(PagedCache.slot(token), 0))
                            .as("token %s, layer %s", token, layer).isEqualTo(first[token][layer]);
                }
            }
            assertThat(restored.heldBytes()).isLessThan(cache.heldBytes());
        }
    }

    /** Tests that a file with too few pages of a window is refused. */
    @Test
    void aFileWithTooFewPagesIsRefused() {
        int[] windows = {0, 70, 5};
        try (PagedCache cache = new PagedCache(LAYOUT, Format.F32, windows);
                PagedCache restored = new PagedCache(LAYOUT, Format.F32, new int[] {0, 71, 300});
                Arena arena = Arena.ofConfined()) {
            append(cache, 0, 500);
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            for (LazyTensor lazy : cache.tensors(500)) {
                tensors.put(lazy.name(), new Tensor(lazy.name(), lazy.dtype(), lazy.shape(), lazy.data().apply(arena)));
            }
            assertThatThrownBy(() -> restored.restore(tensors, 500, "here")).isInstanceOf(ModelFormatException.class)
                    .hasMessageContaining("tensor layer.2: expected U8 [5, ").hasMessageContaining("found U8 [3, ");
        }
    }

    /** Tests that a file holds zeros after the last token, whatever the page held. */
    @ParameterizedTest
    @EnumSource
    void whatWasSavedIsRestored(Format format) {
        try (PagedCache cache = cache(format); PagedCache restored = cache(format); Arena arena = Arena.ofConfined()) {
            append(cache, 0, 200);
            cache.truncate(200, 130);
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            for (LazyTensor lazy : cache.tensors(130)) {
                tensors.put(lazy.name(), new Tensor(lazy.name(), lazy.dtype(), lazy.shape(), lazy.data().apply(arena)));
            }
            restored.restore(tensors, 130, "here");
            for (int layer = 0; layer < LAYERS; layer++) {
                for (int token = 0; token < 130; token++) {
                    Page expected = cache.pageOf(layer, token);
                    Page found = restored.pageOf(layer, token);
                    int slot = PagedCache.slot(token);
                    for (int c = 0; c < ELEMENTS; c++) {
                        assertThat(found.column(slot, c)).isEqualTo(expected.column(slot, c));
                        assertThat(found.row(slot, c / 5, c % 5)).isEqualTo(expected.row(slot, c / 5, c % 5));
                    }
                }
                assertThat(restored.pageOf(layer, 130).column(PagedCache.slot(130), 0)).isZero();
            }
        }
    }
}
