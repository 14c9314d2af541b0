package io.github.t6j.training.presets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.family.NewModel;
import io.github.t6j.family.registry.Families;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.TensorSpec;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Compares the presets' numbers of parameters with the official classes, the paper and the models' authors. */
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
        assertThat(config.attention().headDim()).isEqualTo(attention.equals("mla") ? 32 + 16 : 32); // MLA's has RoPE apart
        int keys = config.attention().sizes().getOrDefault("kv_heads", 0);
        assertThat(keys).isEqualTo(switch (attention) {
            case "mha" -> config.attention().heads();
            case "gqa" -> 2;
            case "mqa" -> 1;
            default -> 0;
        });
    }

    /**
     * Compares with the parameters of the paper's table 9, where all attentions of a size have about the same number.
     */
    @ParameterizedTest
    @CsvSource({"small, 124e6", "medium, 353e6", "large, 773e6", "xl, 1550e6"})
    void presetsHaveTheSizesOfThePaper(String size, double parameters) {
        for (String attention : new String[] {"t6-", "t6-kvonly-", "mha-", "gqa-", "mqa-", "mla-"}) {
            long count = Presets.of(attention + size).tensors().stream()
                    .mapToLong(tensor -> tensor.shape().stream().reduce(1L, Math::multiplyExact))
                    .sum();

            assertThat((double) count).as(attention + size).isCloseTo(parameters, within(0.01 * parameters));
        }
    }

    /** The numbers of parameters that the models' authors publish. */
    @ParameterizedTest
    @CsvSource(textBlock = """
            smollm2-135m, 134515008, Llama, 1
            qwen3-0.6b, 596049920, Llama, 1
            gemma3-270m, 268098176, Gemma, 0
            gemma3-1b,   999885952, Gemma, 0
            phi-4-mini, 3836021760, Phi-3, 1
            """)
    void publishedModelsHaveTheirParameters(String name, long parameters, String family, float gain) {
        NewModel preset = Presets.of(name);
        assertThat(preset.tensors().stream().mapToLong(TensorSpec::elements).sum()).isEqualTo(parameters);
        assertThat(preset.gain()).isEqualTo(gain);
        NewModel small = preset.with(Map.of("vocab_size", 100L));
        ModelConfig config = Families.describe(small);
        assertThat(config.family()).isEqualTo(family);
        assertThat(Families.tensors(config)).isEqualTo(small.tensors());
    }
}
