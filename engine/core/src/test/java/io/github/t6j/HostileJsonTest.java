package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.json.Json;
import io.github.t6j.weights.checkpoint.Checkpoint;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests each JSON file of a model's folder when missing, truncated, of another kind, or built to exhaust time and
 * memory.
 */
@Timeout(30)
class HostileJsonTest {
    private static final int MANY = 1_000_000;

    @TempDir
    Path folder;

    /** Copies the smallest golden model, with an index and a t6j.json. */
    @BeforeEach
    void copyModel() throws IOException {
        Path golden = TestData.path("golden/T6_rank1");
        Files.copy(golden.resolve("config.json"), folder.resolve("config.json"));
        Files.copy(golden.resolve("model.safetensors"), folder.resolve("only.safetensors"));
        Map<String, Object> shards = new LinkedHashMap<>();
        try (Checkpoint checkpoint = Checkpoint.open(folder.resolve("only.safetensors"), false)) {
            checkpoint.tensors().keySet().forEach(name -> shards.put(name, "only.safetensors"));
        }
        write("model.safetensors.index.json", Json.write(Map.of("weight_map", shards)));
        write("t6j.json", "{\"format\": 1, \"variant\": \"full\", \"order\": 2}");
    }

    private void write(String name, String text) throws IOException {
        Files.writeString(folder.resolve(name), text);
    }

    private void refused(String name, String what) {
        long start = System.nanoTime();
        assertThatThrownBy(() -> Model.load(folder)).as(what).isInstanceOf(ModelFormatException.class)
                .hasMessageContainingAll(name, "expected", "found").hasMessageNotContaining("\n");
        assertThat(System.nanoTime() - start).as(what).isLessThan(10_000_000_000L);
    }

    @ParameterizedTest
    @ValueSource(strings = {"config.json", "t6j.json", "model.safetensors.index.json", "tokenizer.json"})
    void otherContentIsRejected(String name) throws IOException {
        for (String content : List.of(" ", "null", "[]", "7", "\"text\"", "{", "{}x", "\ufeff{}", "\0",
                "{\"a\": 1e999}",
                "{\"a\": 1, \"a\": 2}", "{\"a\": NaN}", "{\"a\": 01}", "{\"a\": \"\n\"}", "{'a': 1}",
                "{\"a\": " + "[".repeat(MANY) + "]".repeat(MANY) + "}", "{\"a\":".repeat(MANY) + "1" + "}".repeat(MANY),
                "\"" + "x".repeat(3 * MANY) + "\"", "[" + "1,".repeat(MANY) + "1]")) {
            write(name, content);
            refused(name, content.substring(0, Math.min(40, content.length())));
        }
        Files.write(folder.resolve(name), new byte[] {'{', '"', (byte) 0xff, '"', ':', '1', '}'});
        refused(name, "not UTF-8");
    }

    @ParameterizedTest
    @ValueSource(strings = {"config.json", "t6j.json", "model.safetensors.index.json"})
    void truncatedFilesAreRejected(String name) throws IOException {
        try (Model model = Model.load(folder)) {
            assertThat(model.info().sizes().layers()).isEqualTo(1);
        }
        byte[] good = new String(Files.readAllBytes(folder.resolve(name)), StandardCharsets.UTF_8).strip()
                .getBytes(StandardCharsets.UTF_8);
        for (int length = 1; length < good.length; length += 1 + good.length / 20) {
            Files.write(folder.resolve(name), Arrays.copyOf(good, length));
            refused(name, length + " bytes");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"config.json", "only.safetensors"})
    void missingFilesAreNamed(String name) throws IOException {
        Files.delete(folder.resolve(name));
        assertThatThrownBy(() -> Model.load(folder)).hasMessageContaining(folder.resolve(name).toString());
    }

    /** Error messages quote values of any length. */
    @ParameterizedTest
    @ValueSource(strings = {"config.json: {\"n_head\": %s}", "t6j.json: {\"variant\": %s}", "t6j.json: {%s: 1}",
        "model.safetensors.index.json: {\"weight_map\": {%s: \"only.safetensors\"}}",
        "tokenizer.json: {\"model\": {\"type\": %s}}", "tokenizer.json: {\"model\": %s}"})
    void overlongValuesAreRejected(String content) throws IOException {
        String[] parts = content.split(": ", 2);
        write(parts[0], parts[1].formatted("\"" + "y".repeat(3 * MANY) + "\""));
        assertThatThrownBy(() -> Model.load(folder)).isInstanceOf(ModelFormatException.class)
                .hasMessageContaining(parts[0]);
    }
}
