package io.github.t6j.cli.models;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.cli.CommandResult;
import io.github.t6j.cli.StoredTensors;
import io.github.t6j.json.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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

    /** Writes the GGUF file with a window of 8 tokens instead of 4096, fewer than the ids. */
    private Path withSmallWindow() throws IOException {
        byte[] bytes = Files.readAllBytes(Path.of(GGUF));
        byte[] key = "dragon.attention.sliding_window".getBytes(UTF_8);
        int at = new String(bytes, ISO_8859_1).indexOf(new String(key, ISO_8859_1)) + key.length + 4; // behind the type
        ByteBuffer value = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(value.getInt(at)).isEqualTo(4096);
        value.putInt(at, 8);
        return Files.write(folder.resolve("small-window.gguf"), bytes);
    }

    /** Unlike init, convert rounds the matrices whose rows do not fill blocks, too. */
    @Test
    void convertedMatricesHaveOneType() {
        String made = folder.resolve("made").toString();
        done("init", "--preset", "olala-nano", "--out", made);
        String rounded = folder.resolve("rounded").toString();
        done("convert", made, rounded, "--dtype", "q4_k");
        List<String> tensors = done("inspect", "--model", rounded, "--tensors").out().lines().toList();
        assertThat(tensors)
                .anyMatch(line -> line.contains("layers.0.mlp.experts.experts.0.weight") && line.contains("Q4_K"))
                .anyMatch(line -> line.contains("layers.0.mlp.up_proj.weight") && line.contains("Q4_K"))
                .anyMatch(line -> line.contains("layers.0.mlp.moe_gate.weight") && line.contains("F32"));
    }

    /** llama.cpp's reading of the window, which hides nothing, goes to t6j.json, where Hugging Face has no key. */
    @Test
    void aConvertedFileKeepsTheReadingOfItsWindow() throws IOException {
        String source = withSmallWindow().toString();
        Path made = folder.resolve("made");
        CommandResult loaded = done("logits", "--model", source, "--ids", "1", "--out", folder + "/one.safetensors");
        assertThat(loaded.err()).contains("note: slw_wsize of 8 limits the scalable softmax and masks nothing");
        done("convert", source, made.toString());
        assertThat(Json.parseObject(Files.readAllBytes(made.resolve("t6j.json")), "t6j.json"))
                .containsEntry("window", "limits");
        assertThat(Json.parseObject(Files.readAllBytes(made.resolve("config.json")), "config.json"))
                .containsEntry("slw_wsize", 8L).doesNotContainKey("slw_masks");
        double[] limited = logits(source);
        assertThat(logits(made.toString())).isEqualTo(limited);
        Files.delete(made.resolve("t6j.json"));
        double[] masked = logits(made.toString());
        int first = 9 * limited.length / IDS.split(",").length; // 9 tokens are the query's own and the window
        assertThat(Arrays.copyOf(masked, first)).isEqualTo(Arrays.copyOf(limited, first));
        assertThat(masked).isNotEqualTo(limited);
        Files.writeString(folder.resolve("t6j.json"), "{\"window\": \"masks\"}"); // next to the GGUF file
        assertThat(logits(source)).isEqualTo(masked);
        String other = folder.resolve("other").toString();
        done("convert", source, other);
        assertThat(logits(other)).isEqualTo(masked);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "gradients --model MODEL --ids 1,2,3 --out OUT | found Olala (differential TPA in 2 layers",
        "train --init-from MODEL --data IDS --context 8 --steps 1 --out OUT | found Olala (",
        "train --preset olala-nano --data IDS --context 8 --steps 1 --out OUT | found Olala (",
        "convert MODEL OUT --as tpa | --as: expected none for an Olala model",
        "convert MODEL --to-gguf OUT | --to-gguf: expected a model that llama.cpp runs, with the"
    })
    void unsupportedCommandsNameTheFamily(String line, String message) throws IOException {
        Path ids = Files.write(folder.resolve("ids.bin"), new byte[400]);
        Path out = folder.resolve("out");
        CommandResult result = CommandResult.of(line.replace("MODEL", GOLDEN).replace("IDS", ids.toString())
                .replace("OUT", out.toString()).split(" "));
        assertThat(result.code()).as(result.err()).isOne();
        assertThat(result.err()).contains(message).hasLineCount(1);
        assertThat(out).doesNotExist();
    }
}
