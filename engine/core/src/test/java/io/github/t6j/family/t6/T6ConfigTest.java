package io.github.t6j.family.t6;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.ModelFormatException;
import io.github.t6j.TestData;
import io.github.t6j.family.NewModel;
import io.github.t6j.family.VariantJson;
import io.github.t6j.family.mlra.MlraConfig;
import io.github.t6j.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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

    @ParameterizedTest
    @CsvSource({"window, limits", "heads, factors"})
    void aNewModelRefusesKeysOfOtherFamilies(String key, String word) throws IOException {
        VariantJson variant = new VariantJson(Map.of(key, word), "t6j.json");
        T6Config t6 = new T6Config(
                T6Config.Attention.TPA, parse(TestData.path("golden/T6_odd/config.json")), variant);
        MlraConfig mlra = MlraConfig.small(MlraConfig.Attention.TPA);
        for (NewModel model : List.of(t6, mlra.with(mlra.config(), variant))) {
            assertThatThrownBy(model::tensors).isInstanceOf(ModelFormatException.class)
                    .hasMessageContaining("t6j.json: " + key + ": expected no such key");
        }
    }

    private static Map<String, Object> parse(Path file) throws IOException {
        return Json.parseObject(Files.readAllBytes(file), file.toString());
    }
}
