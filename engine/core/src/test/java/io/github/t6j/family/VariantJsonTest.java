package io.github.t6j.family;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.ModelFormatException;
import io.github.t6j.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VariantJsonTest {
    private static Map<String, Object> json(String text) {
        return Json.parseObject(text.replace('\'', '"').getBytes(StandardCharsets.UTF_8), "t6j.json");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{'sharedB': true}                   | sharedB: expected no such key, found true",
        "{'format': 2}                       | format: expected 1, found 2",
        "{'variant': 'rotary'}               | variant: expected one of full, linearattn, partialrope",
        "{'variant': null}                   | found null",
        "{'order': 4}                        | order: expected 2 or 3, found 4",
        "{'order': null}                     | order: expected 2 or 3, found null",
        "{'fixed': 'a_k'}                    | fixed: expected a list of a_k, a_q, a_v, b_k, b_q, b_v, found a_k",
        "{'fixed': ['c_k']}                  | found [c_k]",
        "{'fixed': [null]}                   | found [null]",
        "{'shared_b': 1}                     | shared_b: expected true or false, found 1",
        "{'head_factors': 'relu'}            | head_factors: expected one of linear, sigmoid, softmax, found relu",
        "{'rope_pairing': 'interleaved'}     | rope_pairing: expected one of adjacent, half",
        "{'rope_sense': 'left'}              | rope_sense: expected one of clockwise, counterclockwise",
        "{'rope_tables': 'f16'}              | rope_tables: expected one of bf16, f32, found f16"
    })
    void aWrongKeyOrValueIsNamed(String t6j, String message) {
        assertThatThrownBy(() -> new VariantJson(json(t6j), "t6j.json"))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageStartingWith("t6j.json: ")
                .hasMessageContaining(message);
    }

    /** Gives each key invalid values of every kind. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "format | 1", "variant | 'full'", "order | 2", "fixed | []", "shared_b | true", "head_factors | 'linear'",
        "rope_pairing | 'half'", "rope_sense | 'clockwise'", "rope_tables | 'f32'"
    })
    void absurdValuesAreRefusedByKey(String key, String good) {
        String text = "{'" + key + "': %s}";
        assertThat(new VariantJson(json(text.formatted(good)), "t6j.json").has(key)).isTrue();
        for (String absurd : List.of("0", "-1", "2147483648", "9007199254740992", "1e999", "1.0", "''", "'full '",
                "null",
                "[[]]", "[7]", "{}", "{'a': 1}")) {
            assertThatThrownBy(() -> new VariantJson(json(text.formatted(absurd)), "t6j.json"))
                    .as("%s: %s", key, absurd)
                    .isInstanceOf(ModelFormatException.class)
                    .hasMessageContainingAll("t6j.json", absurd.equals("1e999") ? "1e999" : key, "expected", "found");
        }
    }
}
