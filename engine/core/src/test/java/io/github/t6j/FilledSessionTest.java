package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.SessionOptions.CacheType;
import io.github.t6j.attention.AttentionPath;
import io.github.t6j.attention.tpa.TpaConfig;
import io.github.t6j.benchmark.FilledCache;
import io.github.t6j.family.VariantName;
import io.github.t6j.kernels.Format;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests sessions filled for benchmarks: any depth, layout and type, finite logits, and equal results of both paths. */
class FilledSessionTest {
    private static final int LENGTH = 1000; // more than the pages that fill writes token by token

    private static float[] logits(Model model, SessionOptions options, int length, long seed) {
        try (Session session = model.newSession(options.withContextLength(length + 2))) {
            FilledCache.fill(session, length, seed);
            assertThat(session.position()).isEqualTo(length);
            assertThat(session.ids()).hasSize(length).containsOnly(0);
            assertThatThrownBy(session::logits).isInstanceOf(IllegalStateException.class);
            session.prefill(1, 2);
            assertThatThrownBy(() -> session.step(3)).hasMessageContaining("the context has room");
            return session.logits().clone();
        }
    }

    @ParameterizedTest
    @EnumSource(CacheType.class)
    void theSeedDeterminesTheContentsAndBothPathsAgree(CacheType type) {
        SessionOptions options = SessionOptions.defaults().withCacheType(type);
        try (Model model = Model.load(TestData.tiny())) {
            float[] filled = logits(model, options, LENGTH, 1);
            assertThat(logits(model, options, LENGTH, 1)).isEqualTo(filled);
            assertThat(logits(model, options, LENGTH, 2)).isNotEqualTo(filled);
            assertThat(logits(model, options, LENGTH - 1, 1)).isNotEqualTo(filled);
            float[] oracle = logits(model, AttentionPath.MATERIALIZED.of(options), LENGTH, 1);
            assertThat(filled).containsExactly(oracle, org.assertj.core.api.Assertions.within(2e-4f));
        }
    }

    @ParameterizedTest
    @CsvSource({"llama-mha, full", "llama-gqa, full", "llama-mla, full", "T6_kvonly, full",
        "T6_linearattn, linearattn"})
    void everyAttentionCanBeFilled(String golden, String variant) {
        try (Model model = Model.load(
                TestData.path("golden/" + golden), ModelOptions.defaults().withVariant(VariantName.parse(variant)))) {
            List<float[]> found = new ArrayList<>();
            for (long seed : new long[] {1, 1, 2}) {
                found.add(logits(model, SessionOptions.defaults(), LENGTH, seed));
            }
            for (float logit : found.getFirst()) {
                assertThat(logit).isFinite();
            }
            assertThat(found.get(1)).isEqualTo(found.getFirst());
            assertThat(found.get(2)).isNotEqualTo(found.getFirst());
        }
    }

    @Test
    void invalidArgumentsAreRejected() {
        try (Model model = Model.load(TestData.tiny()); Session session = model.newSession()) {
            assertThatThrownBy(() -> FilledCache.fill(session, 513, 0))
                    .hasMessage("length: expected 0 to 512, found 513");
            assertThatThrownBy(() -> FilledCache.fill(session, -1, 0))
                    .hasMessage("length: expected 0 to 512, found -1");
            FilledCache.fill(session, 0, 0);
            session.step(1);
            assertThatThrownBy(() -> FilledCache.fill(session, 2, 0))
                    .hasMessageContaining("expected an empty session");
        }
    }

    /**
     * The paper's ranks, 32 heads × 64, R_K = R_V = 1: a million tokens of 12 layers at 250 bytes per layer take 3 GB.
     */
    @Test
    void aMillionTokensWithThePapersRanksFitIn3GB() {
        int bytes = new TpaConfig(32, 64, 64, 6, 1, 1).newAttention().layout().bytesPerToken(Format.Q8);
        assertThat(bytes).isEqualTo(2 * (32 + 64) + 4 * Float.BYTES).isLessThanOrEqualTo(250);
    }

    @Test
    void aLongContextAllocatesOnlyItsCache() {
        SessionOptions options = SessionOptions.defaults().withCacheType(CacheType.Q8).withContextLength(100_002);
        try (Model model = Model.load(TestData.tiny()); Session session = model.newSession(options)) {
            FilledCache.fill(session, 100_000, 1);
            session.prefill(1, 2);
            assertThat(session.logits()).doesNotContain(Float.NaN);
            assertThat(session.usedCacheBytes()).isEqualTo(100_002L * 1536);
            assertThat(model.sharedBytes()).isZero();
        }
    }

    @Test
    void sizesOfWeightsAndMemoryAreReported() {
        try (Model model = Model.load(TestData.tiny())) {
            // matrices are padded to whole panels of 64 outputs: at least the f32 elements, at most a third more
            assertThat(model.weightBytes()).isBetween(4 * model.info().sizes().parameters(),
                    6 * model.info().sizes().parameters());
        }
    }
}
