package io.github.t6j.family;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.ModelFormatException;
import io.github.t6j.RopeVariant;
import io.github.t6j.TestData;
import io.github.t6j.family.registry.Families;
import io.github.t6j.json.Json;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.NamedTensors;
import io.github.t6j.weights.checkpoint.Checkpoint;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Gives every key of config.json that the engine reads values that are invalid for all of them. */
class ConfigJsonTest {
    private static final List<String> ABSURD = List.of("0", "-1", "2147483648", "9007199254740992",
            "9223372036854775807", "9223372036854775808", "1e999", "-0.5", "\"7\"", "\"\"", "[]", "[7]", "{}", "true");

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "golden/T6_odd                   | n_head n_embd n_layer vocab_size head_dim q_rank rank block_size",
        "golden/T6_kvonly                | n_head n_embd n_layer vocab_size head_dim rank block_size",
        "golden/llama-mha                | n_head n_embd n_layer vocab_size block_size",
        "golden/llama-gqa                | n_head n_embd n_layer vocab_size head_dim group_size block_size",
        "golden/llama-mla                | n_head n_embd n_layer vocab_size head_dim block_size",
        "golden_mlra/tpa_even               | n_head n_embd n_layer vocab_size head_dim intermediate_size block_size",
        "golden/T6_partialrope_decay     | rope_decay_base",
    })
    void absurdValuesAreRefusedByKey(String folder, String keys) {
        Map<String, Object> good = TestData.json(folder + "/config.json");
        try (Checkpoint checkpoint = Checkpoint.open(TestData.path(folder), false)) {
            NamedTensors tensors = new NamedTensors(checkpoint.tensors(), "model");
            for (String key : keys.split(" ")) {
                for (String absurd : ABSURD) {
                    String json = with(good, key, absurd);
                    assertThatThrownBy(() -> describe(tensors, json)).as("%s: %s", key, absurd)
                            .isInstanceOf(ModelFormatException.class)
                            .hasMessageContainingAll("config.json", absurd.equals("1e999") ? "1e999" : key);
                }
            }
        }
    }

    /** null is like a missing key: shapes give the value, or an error asks for the key. */
    @ParameterizedTest
    @CsvSource({"golden/T6_odd", "golden/llama-gqa"})
    void nullIsLikeAMissingKey(String folder) {
        Map<String, Object> good = TestData.json(folder + "/config.json");
        try (Checkpoint checkpoint = Checkpoint.open(TestData.path(folder), false)) {
            NamedTensors tensors = new NamedTensors(checkpoint.tensors(), "model");
            for (String key : good.keySet()) {
                Map<String, Object> without = new LinkedHashMap<>(good);
                without.remove(key);
                assertThat(outcome(tensors, with(good, key, "null"))).as(key)
                        .isEqualTo(outcome(tensors, Json.write(without)));
            }
        }
    }

    private static String outcome(NamedTensors tensors, String json) {
        try {
            return describe(tensors, json).toString();
        } catch (ModelFormatException refused) {
            return refused.getMessage();
        }
    }

    private static String with(Map<String, Object> good, String key, String value) {
        Map<String, Object> changed = new LinkedHashMap<>(good);
        changed.put(key, "PLACE");
        return Json.write(changed).replace("\"PLACE\"", value);
    }

    private static ModelConfig describe(NamedTensors tensors, String json) {
        Map<String, Object> config = Json.parseObject(json.getBytes(StandardCharsets.UTF_8), "config.json");
        RopeVariant variant = config.containsKey("rope_decay_base") ? RopeVariant.PARTIALROPE_DECAY : null;
        return Families.describe(tensors, ModelMetadata.of(config, variant));
    }
}
