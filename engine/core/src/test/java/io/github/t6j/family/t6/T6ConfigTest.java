package io.github.t6j.family.t6;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.TestData;
import io.github.t6j.family.VariantJson;
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

    private static Map<String, Object> parse(Path file) throws IOException {
        return Json.parseObject(Files.readAllBytes(file), file.toString());
    }
}
