package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.SessionOptions.CacheType;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Folders that made the engine fail in another way than by a message, or never end: testdata/hostile. */
@Timeout(10)
class HostileModelsTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "zero-hidden            | full              | expected sizes from 1 to 2147483647, found shape",
        "zero-width             | full              | expected sizes from 1 to 2147483647, found shape",
        "zero-width-heads       | full              | expected sizes from 1 to 2147483647, found shape",
        "zero-width-hidden-1G   | full              | expected sizes from 1 to 2147483647, found shape",
        "zero-width-vocab-2e40  | full              | expected sizes from 1 to 2147483647, found shape",
        "zero-width-vocab-500M  | full              | expected sizes from 1 to 2147483647, found shape",
        "fixed-a_v-rank0        | full              | expected sizes from 1 to 2147483647, found shape",
        "mla-negative-headdim   | full              | to be a multiple of",
        "infinity-header        | full              | expected a number of at most 1.7976931348623157E308",
        "index-infinity         | full              | expected a number of at most 1.7976931348623157E308",
        "config-infinity        | full              | expected a number of at most 1.7976931348623157E308",
        "index-surrogate        | full              | weight_map",
        "decay-1e-50            | partialrope-decay | rope_decay_base: expected above 0, up to 1, found 1.0E-50"
    })
    void isRefusedWithTheReason(String folder, String variant, String message) {
        ModelOptions options = ModelOptions.defaults().withVariant(RopeVariant.of(variant));
        assertThatThrownBy(() -> Model.load(TestData.path("hostile/" + folder), options))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining(message);
    }

    /** Its cache keeps nothing, in every type. */
    @Test
    void aModelWhoseKeysAndValuesAreFixedRuns() {
        try (Model model = Model.load(TestData.path("hostile/all-keys-values-fixed"))) {
            float[] expected = null;
            for (CacheType type : CacheType.values()) {
                try (Session session = model.newSession(SessionOptions.defaults().withCacheType(type))) {
                    session.prefill(1, 2, 3);
                    float[] logits = Arrays.copyOf(session.logits(), session.logits().length);
                    expected = expected == null ? logits : expected;
                    assertThat(logits).as(type.name()).isEqualTo(expected);
                    assertThat(session.cacheBytes()).isZero();
                }
            }
        }
    }
}
