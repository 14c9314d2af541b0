package io.github.t6j.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.ModelFormatException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {

    private static Object parse(String json) {
        return Json.parse(json.getBytes(StandardCharsets.UTF_8), "x.json");
    }

    @Test
    void scalars() {
        assertThat(parse("null")).isNull();
        assertThat(parse(" true ")).isEqualTo(true);
        assertThat(parse("\t\r\nfalse")).isEqualTo(false);
        assertThat(parse("\"\"")).isEqualTo("");
        assertThat(parse("0")).isEqualTo(0L);
        assertThat(parse("-17")).isEqualTo(-17L);
        assertThat(parse("1e-5")).isEqualTo(1e-5);
        assertThat(parse("0.3333333333333333")).isEqualTo(1 / 3.0);
        assertThat(parse("-0.0E+2")).isEqualTo(-0.0);
        assertThat(parse("1e2")).isEqualTo(100.0);
    }

    @Test
    void wholeNumbersAreLongsAsFarAsTheyFit() {
        assertThat(parse("999999999999999999")).isEqualTo(999999999999999999L);
        assertThat(parse("9223372036854775807")).isEqualTo(Long.MAX_VALUE);
        assertThat(parse("-9223372036854775808")).isEqualTo(Long.MIN_VALUE);
        assertThat(parse("9223372036854775808")).isEqualTo(9223372036854775808.0);
        assertThat(parse("123456789012345678901234567890")).isEqualTo(123456789012345678901234567890.0);
    }

    @Test
    void containersKeepTheirOrder() {
        Object value = parse("{\"b\": [1, [], {}], \"a\" : {\"c\":null}}");
        assertThat(value).isInstanceOf(Map.class);
        assertThat(Json.object(value, "x").keySet()).containsExactly("b", "a");
        assertThat(value).isEqualTo(Map.of("b", List.of(1L, List.of(), Map.of()), "a", mapWithNull("c")));
    }

    private static Map<String, Object> mapWithNull(String key) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put(key, null);
        return map;
    }

    @Test
    void stringsAndEscapes() {
        assertThat(parse("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"")).isEqualTo("\"\\/\b\f\n\r\t");
        assertThat(parse("\"a\\u00e9\\u20ACb\"")).isEqualTo("a\u00e9\u20acb");
        assertThat(parse("\"\\ud83d\\ude00\"")).isEqualTo("\ud83d\ude00");
        assertThat(parse("\"\ud83d\ude00 \u00e9 \u007f \u2028\"")).isEqualTo("\ud83d\ude00 \u00e9 \u007f \u2028");
        assertThat(parse("\"\\u0000\"")).isEqualTo("\0");
        assertThat(parse("\"\\ud800\"")).isEqualTo("\ud800");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "nul", "True", "NaN", "Infinity", "-", "+1", "01", "-01", "1.", ".5", "1e", "1e+",
        "0x10", "1 2", "[", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "]", "{", "{\"a\"", "{\"a\":", "{\"a\":1",
        "{\"a\":1,", "{\"a\":1,}", "{a:1}", "{1:1}", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "\"", "\"a", "\"\\", "\"\\x\"",
        "\"\\u12\"", "\"\\u12g4\"", "\"\\u\uff11234\"", "\"a\nb\"", "\"a\tb\"", "'a'", "// c\n1", "\u00a01", "\ufeff1",
        "[1]]", "\0"})
    void refusesWhatIsNotJson(String json) {
        assertThatThrownBy(() -> parse(json)).isInstanceOf(ModelFormatException.class)
                .hasMessageStartingWith("x.json: ").hasMessageContainingAll("not valid JSON", "expected", "found");
    }

    @Test
    void cutAnywhereIsAnError() {
        String json = "{\"a\\u00e9\": [0, -1.5e-3, true, false, null, {}], \"\ud83d\ude00\": \"\\n\"}";
        byte[] utf8 = json.getBytes(StandardCharsets.UTF_8);
        assertThat(parse(json)).isNotNull();
        for (int length = 0; length < utf8.length; length++) {
            byte[] cut = Arrays.copyOf(utf8, length);
            assertThatThrownBy(() -> Json.parse(cut, "x.json")).as("%d bytes", length)
                    .isInstanceOf(ModelFormatException.class)
                    .hasMessageStartingWith("x.json: not valid JSON").hasMessageContainingAll("expected", "found");
        }
    }

    @Test
    void saysWhere() {
        assertThatThrownBy(() -> parse("{\"a\": 1,\n \"b\" 2}")).hasMessage(
                "x.json: not valid JSON at character 14: expected ':', found \"2}\"");
    }

    @Test
    void refusesDuplicateKeys() {
        assertThatThrownBy(() -> parse("{\"wte\":1,\"b\":{\"wte\":2},\"wt\\u0065\":3}"))
                .isInstanceOf(ModelFormatException.class)
                .hasMessage("x.json: not valid JSON at character 23: expected each key once,"
                        + " found duplicate key \"wte\"");
    }

    @Test
    void refusesBytesThatAreNotUtf8() {
        for (String latin1 : List.of("\u00ff", "\u00c3", "\u00ed\u00a0\u0080", "\u00c0\u0080")) {
            byte[] bytes = ('"' + latin1 + '"').getBytes(StandardCharsets.ISO_8859_1);
            assertThatThrownBy(() -> Json.parse(bytes, "x.json")).isInstanceOf(ModelFormatException.class)
                    .hasMessageContaining("UTF-8");
        }
    }

    @Test
    void nestingIsLimited() {
        assertThat(parse("[".repeat(100) + "]".repeat(100))).isInstanceOf(List.class);
        for (String open : List.of("[", "{\"a\":")) {
            assertThatThrownBy(() -> parse(open.repeat(1_000_000))).isInstanceOf(ModelFormatException.class)
                    .hasMessageContaining("nesting");
        }
    }

    @Test
    void kindsAreChecked() {
        byte[] array = "[1]".getBytes(StandardCharsets.UTF_8);
        assertThatThrownBy(() -> Json.parseObject(array, "c.json")).isInstanceOf(ModelFormatException.class)
                .hasMessage("c.json: expected a JSON object, found an array");
        assertThatThrownBy(() -> Json.array("s", "c.json: k")).isInstanceOf(ModelFormatException.class)
                .hasMessage("c.json: k: expected a JSON array, found the string \"s\"");
        assertThatThrownBy(() -> Json.array(null, "c.json: k")).isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("found null");
    }

    @Test
    void writes() {
        Map<String, Object> value = new LinkedHashMap<>();
        value.put("a \"\\\n\r\t\u0001\u00e9\ud83d\ude00", List.of(1L, 2.5, true));
        value.put("b", null);
        value.put("c", Map.of());
        value.put("d", List.of());
        value.put("e", Map.of("f", 3));
        assertThat(Json.writeLine(value)).isEqualTo(
                "{\"a \\\"\\\\\\n\\r\\t\\u0001\u00e9\\ud83d\\ude00\":[1,2.5,true],\"b\":null,\"c\":{},\"d\":[],"
                        + "\"e\":{\"f\":3}}");
        assertThat(Json.write(Map.of("e", Map.of("f", 3)))).isEqualTo("{\n  \"e\": {\n    \"f\": 3\n  }\n}\n");
    }

    @Test
    void refusesToWriteWhatJsonHasNot() {
        for (Object value : new Object[] {Double.NaN, Float.POSITIVE_INFINITY, new Object(), 'c'}) {
            assertThatThrownBy(() -> Json.write(value)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void parsesWhatItWrote() {
        for (long seed = 0; seed < 300; seed++) {
            Object value = random(new Random(seed), 4);
            assertThat(parse(Json.write(value))).as("seed %d", seed).isEqualTo(value);
            assertThat(parse(Json.writeLine(value))).as("seed %d", seed).isEqualTo(value);
        }
    }

    private static Object random(Random random, int depth) {
        return switch (random.nextInt(depth > 0 ? 8 : 6)) {
            case 0 -> null;
            case 1 -> random.nextBoolean();
            case 2 -> random.nextLong() >> random.nextInt(64);
            case 3 -> random.nextGaussian() * Math.pow(10, random.nextInt(600) - 300);
            case 4, 5 -> string(random);
            case 6 -> {
                List<Object> list = new ArrayList<>();
                for (int i = random.nextInt(4); i > 0; i--) {
                    list.add(random(random, depth - 1));
                }
                yield list;
            }
            default -> {
                Map<String, Object> map = new LinkedHashMap<>();
                for (int i = random.nextInt(4); i > 0; i--) {
                    map.put(string(random), random(random, depth - 1));
                }
                yield map;
            }
        };
    }

    /** Returns a string of any code units, lone surrogates included. */
    private static String string(Random random) {
        StringBuilder string = new StringBuilder();
        for (int i = random.nextInt(6); i > 0; i--) {
            string.append((char) random.nextInt(random.nextBoolean() ? 128 : 65536));
        }
        return string.toString();
    }
}
