package io.github.t6j.family;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.model.ModelConfig;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Compares the presets for CPUs with the number of parameters of the official classes. */
class PresetsTest {
    @ParameterizedTest
    @CsvSource(textBlock = """
            nano,  mha, 1310208
            nano,  mqa, 1310208
            nano,  gqa, 1310208
            nano,  mla, 1328096
            nano,  t6-kvonly, 1322496
            nano,  t6,  1319424
            micro, mha, 3440640
            micro, mqa, 3440640
            micro, gqa, 3440640
            micro, mla, 3484800
            micro, t6-kvonly, 3408384
            micro, t6,  3456768
            mini,  mha, 7335936
            mini,  mqa, 7335936
            mini,  gqa, 7335936
            mini,  mla, 7320512
            mini,  t6-kvonly, 7311360
            mini,  t6,  7356416
            """)
    void attentionsHaveEqualParameters(String size, String attention, long parameters) {
        ModelConfig config = Families.describe(Presets.of(attention + "-" + size));
        assertThat(Families.parameters(config)).isEqualTo(parameters);
        assertThat(config.sizes().contextLength()).isEqualTo(512);
        assertThat(config.sizes().vocabulary()).isEqualTo(4096);
        assertThat(config.attention().headDim()).isEqualTo(32);
        int keys = config.attention().sizes().getOrDefault("kv_heads", 0);
        assertThat(keys).isEqualTo(switch (attention) {
            case "mha" -> config.attention().heads();
            case "gqa" -> 2;
            case "mqa" -> 1;
            default -> 0;
        });
    }
}
