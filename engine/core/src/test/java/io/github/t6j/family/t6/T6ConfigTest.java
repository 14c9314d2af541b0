package io.github.t6j.family.t6;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.TestData;
import io.github.t6j.family.VariantJson;
import io.github.t6j.family.registry.Presets;
import io.github.t6j.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class T6ConfigTest {

    /** Compares names and shapes with the official state_dict, from the cases in testdata/golden. */
    @ParameterizedTest
    @CsvSource({
        "T6_odd, TPA", "T6_groupnorm, TPA", "T6_rank1, TPA", "T6_kvonly, TPA_KVONLY", "T6_kvonly_groupnorm, TPA_KVONLY",
        "llama-mha, MHA", "llama-gqa, GQA", "llama-gqa_groupnorm, GQA", "llama-mqa, GQA",
        "llama-mla, MLA", "llama-mla_groupnorm, MLA"
    })
    void shapesEqualTheOfficialOnes(String name, T6Config.Attention attention) throws IOException {
        Path golden = TestData.path("golden/" + name);
        Map<String, Object> official = new TreeMap<>(Json.object(
                parse(golden.resolve("case.json")).get("state_dict_shapes"), "state_dict_shapes"));
        official.remove("transformer.wte.weight");

        T6Config model = new T6Config(attention, parse(golden.resolve("config.json")), VariantJson.none());

        Map<String, Object> shapes = new TreeMap<>();
        model.tensors().forEach(tensor -> shapes.put(tensor.name(), tensor.shape()));
        assertThat(shapes).isEqualTo(official);
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

    private static Map<String, Object> parse(Path file) throws IOException {
        return Json.parseObject(Files.readAllBytes(file), file.toString());
    }
}
