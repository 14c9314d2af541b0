package io.github.t6j.cli.models;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.cli.CommandResult;
import io.github.t6j.cli.StoredTensors;
import io.github.t6j.json.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests the commands on Olala models. */
class OlalaModelsTest {
    private static final String GOLDEN = CommandResult.TESTDATA.resolve("golden_olala/full-mmmmv").toString();
    private static final String GGUF =
            CommandResult.TESTDATA.resolve("golden_olala/gguf-dragon/model-f32.gguf").toString();
    private static final String IDS =
            "3,1,4,1,5,9,2,6,53,58,97,93,23,84,62,64,33,83,27,95,0,28,84,19,71,69,39,93,75,10";

    @TempDir
    Path folder;

    private static CommandResult done(String... arguments) {
        CommandResult result = CommandResult.of(arguments);
        assertThat(result.code()).as(result.err()).isZero();
        return result;
    }

    private double[] logits(String model, String... options) throws IOException {
        Path file = folder.resolve("logits-" + System.nanoTime() + ".safetensors");
        List<String> arguments = new ArrayList<>(
                List.of("logits", "--model", model, "--ids", IDS, "--out", file.toString()));
        arguments.addAll(List.of(options));
        done(arguments.toArray(String[]::new));
        return StoredTensors.read(file).tensors().get("logits").values();
    }

    private static long elements(Object attention) {
        return (Long) Json.object(attention, "attention").get("numbers_per_token_per_layer");
    }

    @Test
    void inspectDescribesBothKindsOfLayers() {
        CommandResult json = done("inspect", "--model", GOLDEN, "--json");
        assertThat(json.json()).containsEntry("family", "Olala").containsEntry("rope", Map.of("type", "none"));
        Map<String, Object> cache = Json.object(json.json().get("cache"), "cache");
        assertThat(Json.object(cache.get("state"), "state")).containsEntry("layers", 8L);
        // H 8, K 2, D 10, R 4: keys B, A, α, ρ and values B, A, α
        Map<String, Object> equalHeads = Json.object(cache.get("equal_heads"), "equal_heads");
        assertThat(elements(cache.get("model"))).isEqualTo(10 * 4 + 2 * 4 + 2 + 2 + 10 * 4 + 2 * 4 + 2);
        assertThat(elements(equalHeads.get("dense"))).isEqualTo(2 * 2 * 10);
        assertThat(elements(equalHeads.get("mha"))).isEqualTo(2 * 8 * 10);
        assertThat(Json.object(cache.get("equal_parameters"), "equal_parameters")).isEmpty();
        assertThat(done("inspect", "--model", GOLDEN).out())
                .contains("differential TPA in 2 layers, Mamba-3 in 8 layers").contains("in 8 layers, for any number");
    }

    @Test
    void convertedModelsKeepTheirLogits() throws IOException {
        double[] exact = logits(GOLDEN);
        String same = folder.resolve("same").toString();
        done("convert", GOLDEN, same);
        assertThat(logits(same)).isEqualTo(exact);
        String rounded = folder.resolve("rounded").toString();
        done("convert", GOLDEN, rounded, "--dtype", "q8_0");
        assertThat(logits(rounded)).isEqualTo(logits(GOLDEN, "--weight-type", "q8_0"));
        String fromGguf = folder.resolve("gguf").toString();
        done("convert", GGUF, fromGguf);
        assertThat(logits(fromGguf)).isEqualTo(logits(GGUF));
    }

    @Test
    void aPresetWritesTheTypesOfPublishedFiles() throws IOException {
        String made = folder.resolve("made").toString();
        done("init", "--preset", "olala-nano", "--dtype", "q4_k", "--out", made);
        List<String> tensors = done("inspect", "--model", made, "--tensors").out().lines().toList();
        assertThat(tensors)
                .anyMatch(line -> line.contains("layers.0.mlp.experts.experts.0.weight") && line.contains("Q8_0"))
                .anyMatch(line -> line.contains("layers.0.mlp.up_proj.weight") && line.contains("BF16"))
                .anyMatch(line -> line.contains("layers.0.mlp.moe_gate.weight") && line.contains("F32"))
                .anyMatch(line -> line.contains("layers.0.mixer.in_proj.weight") && line.contains("Q4_K"));
        for (double logit : logits(made)) {
            assertThat(logit).isFinite();
        }
        CommandResult bench = done(
                "bench", "--model", made, "--prompt", "8", "--generate", "4", "--depth", "70", "--repetitions", "1",
                "--warm-up", "0", "--format", "json");
        assertThat(bench.out()).contains("tokens_per_second");
    }

    @Test
    void trainingIsRefusedByName() {
        CommandResult result = CommandResult.of(
                "gradients", "--model", GOLDEN, "--ids", IDS, "--out", folder.resolve("g.safetensors").toString());
        assertThat(result.code()).isOne();
        assertThat(result.err()).contains("Olala").contains("cannot train it yet").hasLineCount(1);
    }
}
