package io.github.t6j.cli.models;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.Model;
import io.github.t6j.cli.CommandResult;
import io.github.t6j.cli.StoredTensors;
import io.github.t6j.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class InspectCommandTest {

    /** Sizes from the model's config.json; the cache computed by hand: 2·2·(8+32), 2·h·32, 2·g·32, 2·32, 256+32. */
    @Test
    void describesT6Tiny() {
        CommandResult ran = CommandResult.of("inspect", "--model", CommandResult.TINY, "--json");

        assertThat(ran.code()).isZero();
        assertThat(ran.json())
                .containsEntry("variant", "T6")
                .containsEntry("parameters", 3_311_616L)
                .containsEntry("layers", 6L)
                .containsEntry("n_embd", 192L)
                .containsEntry("heads", 8L)
                .containsEntry("head_dim", 32L)
                .containsEntry("q_rank", 6L)
                .containsEntry("k_rank", 2L)
                .containsEntry("v_rank", 2L)
                .containsEntry("hidden", 512L)
                .containsEntry("vocabulary", 4096L)
                .containsEntry("block_size", 512L)
                .containsEntry("groupnorm", false)
                .containsKeys("weights", "kernels", "assumptions");
        Map<String, Object> cache = Json.object(ran.json().get("cache"), "cache");
        assertThat(cache)
                .containsEntry("type", "f32")
                .containsEntry("model", sizes(8, 192 * 40 * 10 + 192 * 256, 160))
                .containsEntry(
                        "equal_heads",
                        Map.of(
                                "mha", sizes(8, 4 * 192 * 256, 512),
                                "gqa", sizes(8, 2 * 192 * 256 + 2 * 192 * 128, 256),
                                "mqa", sizes(8, 2 * 192 * 256 + 2 * 192 * 32, 64),
                                "mla", sizes(8, 192 * 800 + 8 * (512 * 64 + 256 * 64 + 192 * 32), 288)))
                .containsEntry(
                        "equal_parameters",
                        Map.of(
                                "mha", sizes(5, 4 * 192 * 160, 320),
                                "gqa", sizes(8, 2 * 192 * 256 + 2 * 192 * 64, 128),
                                "mqa", sizes(9, 2 * 192 * 288 + 2 * 192 * 32, 64),
                                "mla", sizes(1, 192 * 800 + 512 * 64 + 256 * 64 + 192 * 32, 288)));
    }

    private static Map<String, Object> sizes(long heads, long parameters, long elements) {
        return Map.of(
                "heads", heads, "attention_parameters_per_layer", parameters, "numbers_per_token_per_layer", elements,
                "bytes_per_token_per_layer", elements * 4, "bytes_per_token", elements * 6 * 4);
    }

    /** 512 tokens; 2000 tokens of MHA take 2·8·32 · 6 · 4 · 2000 = 24.6 MB, the model's 160 · 6 · 4 · 2000 = 7.7 MB. */
    @Test
    void drawsBothComparisons() {
        CommandResult ran = CommandResult.in(Map.of("COLUMNS", "80"), null, "inspect", "--model", CommandResult.TINY,
                "--context", "2000");
        assertThat(ran.out().lines())
                .containsSubsequence(
                        "parameters   3,311,616", "vocabulary   4,096", "weights_type f32", "file_bytes   13.3 MB",
                        "tokenizer    4,096 ids",
                        "  cache  heads    parameters per token     total",
                        "cache of f32; total for 2,000 tokens in 6 layers",
                        "  model      8       125,952    3.8 kB    7.7 MB  " + "█".repeat(9),
                        "equal heads (GQA with 4 key heads, MLA 512/256/32)",
                        "  mha        8       196,608   12.3 kB   24.6 MB  " + "█".repeat(30),
                        "equal parameters (heads of 32, GQA 2, MLA 512/256/32)",
                        "  mha        5       122,880    7.7 kB   15.4 MB  " + "█".repeat(19))
                .noneMatch(line -> line.matches("\\w+ +(0|false)"));
        Map<String, Object> cache =
                Json.object(
                        CommandResult.of("inspect", "--model", CommandResult.TINY, "--context", "2000", "--json").json()
                                .get("cache"),
                        "");
        assertThat(cache).containsEntry("context", 2000L).containsEntry("model_bytes", 160L * 6 * 4 * 2000);
        assertThat(Json.object(cache.get("equal_heads_bytes"), "")).containsEntry("mha", 512L * 6 * 4 * 2000);
        assertThat(Json.object(cache.get("equal_parameters_bytes"), "")).containsEntry("mla", 288L * 6 * 4 * 2000);
    }

    @ParameterizedTest
    @ValueSource(ints = {60, 80, 100})
    void tablesFitTheTerminal(int columns) {
        Map<String, String> environment = Map.of("COLUMNS", "" + columns);
        assertThat(CommandResult.in(environment, null, "inspect", "--context", "2000").out().lines()
                .filter(line -> !line.startsWith("assumed"))).allMatch(line -> line.length() <= columns);
    }

    /** The longest description of kernels, which few machines have. */
    @ParameterizedTest
    @ValueSource(ints = {40, 60, 80})
    void kernelsFitTheTerminal(int columns) throws IOException {
        String kernels = "native, AVX-512 VNNI; SIMD, 512-bit, panels in pairs, six rows x four vectors, 2 threads";
        try (Model model = Model.load(Path.of(CommandResult.TINY))) {
            List<String> lines = new InspectReport(model.info(), 512, columns).lines(Map.of("kernels", kernels), false);

            List<String> wrapped =
                    lines.stream().takeWhile(line -> !line.isEmpty() && !line.startsWith("assumed")).toList();
            assertThat(wrapped).allMatch(line -> line.length() <= columns).first().asString()
                    .startsWith("kernels      native, AVX-512 VNNI");
            assertThat(wrapped.stream().map(line -> line.substring(13)).collect(Collectors.joining(" ")))
                    .isEqualTo(kernels.replace(";", ""));
        }
    }

    @Test
    void jsonHasTheTokenizer() throws IOException {
        Map<String, Object> json = CommandResult.of("inspect", "--model", CommandResult.TINY, "--json").json();
        assertThat(json).containsEntry("weights_type", "f32")
                .containsEntry("file_bytes", Files.size(Path.of(CommandResult.TINY, "model.safetensors")))
                .containsEntry("tokenizer", Map.of("ids", 4096L, "end_ids", List.of(4095L)));
        assertThat(Json.object(json.get("memory"), "memory")).containsEntry("context", 512L);
        String odd = CommandResult.TESTDATA.resolve("golden/T6_odd").toString();
        assertThat(CommandResult.of("inspect", "--json", "--model", odd).json()).containsEntry("tokenizer", null);
    }

    /** testdata/golden/llama-mla/config.json: 14 + 8 elements per token instead of 2·4·12. */
    @Test
    void describesMla() {
        CommandResult ran = CommandResult.of("inspect", "--model",
                CommandResult.TESTDATA.resolve("golden/llama-mla").toString(), "--json");

        assertThat(ran.json())
                .containsEntry("variant", "MLA")
                .containsEntry("heads", 4L)
                .containsEntry("head_dim", 12L)
                .containsEntry("q_lora_rank", 20L)
                .containsEntry("kv_lora_rank", 14L)
                .containsEntry("qk_rope_dim", 8L)
                .containsEntry("v_head_dim", 10L);
        assertThat(model(ran)).containsEntry("numbers_per_token_per_layer", 22L);
    }

    @Test
    void showsTheChatTemplate(@TempDir Path folder) throws IOException {
        for (Path file : List.of(Path.of("config.json"), Path.of("model.safetensors"), Path.of("tokenizer.json"))) {
            Files.copy(Path.of(CommandResult.TINY).resolve(file), folder.resolve(file));
        }
        String[] inspect = {"inspect", "--model", folder.toString()};
        assertThat(CommandResult.of(inspect).out()).contains("\ntemplate     none\n");
        Path template = Files.writeString(folder.resolve("chat_template.jinja"), "\n{{ messages }}\u001b\nx");
        assertThat(CommandResult.of(inspect).out()).contains("\ntemplate     yes: {{ messages }}\\u001b\n");
        assertThat(CommandResult.of("inspect", "--json", "--model", folder.toString()).json())
                .containsEntry("chat_template", Map.of("first_line", "{{ messages }}\u001b", "characters", 18L))
                .containsEntry("rope", Map.of("type", "default", "base", 10_000.0));
        Files.writeString(template, "{% macro");
        assertThat(CommandResult.of(inspect).out()).contains("\ntemplate     not supported: ");
    }

    /** Keys of config.json, and of a GGUF file. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            golden_llama/llama2-mha                     | default, base 10,000
            golden_llama/smollm3-nope                   | default, base 5,000,000
            golden_llama/llama-linear-bias              | linear, base 10,000, factor 4.0
            golden_llama/llama-yarn                     | yarn, base 10,000, factor 4.0, original length 256
            golden_llama/llama3-gqa                     | llama3, base 500,000, factor 8.0, original length 256
            golden_llama/gguf-llama3/model-f32.gguf     | gguf_factors, base 500,000
            golden_more/granite-scaled                  | default, base 10,000,000
            golden_more/mixtral-window                  | default, base 1,000,000
            golden_more/qwen3moe-mixed                  | default, base 10,000
            golden_more/gemma2-defaults                 | default, base 10,000
            golden_more/gemma3-window                   | default, base 1,000,000, base 10,000 in layers with a window
            golden_more/gemma3-nested                   | linear, base 1,000,000, factor 8.0, base 10,000 in layers with a window
            golden_more/gemma3-rope5                    | linear, base 250,000, factor 4.0, base 5,000 in layers with a window
            golden_more/gguf-gemma3-f32/model-f32.gguf  | linear, base 1,000,000, factor 8.0, base 10,000 in layers with a window
            golden_more/phi3-window                     | default, base 10,000, original length 4,096
            golden_more/phi3-longrope                   | longrope, base 10,000, factor 4.0, original length 150, 75 % of a head
            golden_more/phi3-su-long                    | longrope, base 10,000, factor 64.0, original length 64
            golden_mlra/gta                             | default, base 10,000""")
    void showsRopeOfAllFamilies(String model, String expected) {
        String folder = CommandResult.TESTDATA.resolve(model).toString();
        assertThat(CommandResult.of("inspect", "--model", folder).out()).contains("\nrope         " + expected + "\n");
    }

    /** Windows of 70 tokens, and 127 for a pass, in both layers: 2·4·36 elements each. */
    @Test
    void layersWithWindowsKeepFewTokens() {
        String model = CommandResult.TESTDATA.resolve("golden_wide/mistral-wide").toString();

        CommandResult json = CommandResult.of("inspect", "--model", model, "--context", "2000", "--json");
        CommandResult text = CommandResult.of("inspect", "--model", model, "--context", "2000");

        assertThat(Json.object(json.json().get("cache"), "cache"))
                .containsEntry("windows", List.of(Map.of(
                        "tokens", 70L, "layers", 2L, "kept_tokens", 197L, "bytes_per_token_beyond", 0L)))
                .containsEntry("model_bytes", 288L * 2 * 4 * 197);
        assertThat(text.out()).contains("window: 70 tokens in 2 layers, which keep at most 197",
                "further tokens take 0 B each");
        CommandResult longer = CommandResult.of("inspect", "--model", model, "--context", "20000", "--json");
        Map<String, Object> memory = Json.object(json.json().get("memory"), "memory");
        assertThat(Json.object(longer.json().get("memory"), "memory")).as("only the ids take more")
                .containsEntry("session_bytes_f32", (Long) memory.get("session_bytes_f32") + 18_000 * 4);
        assertThat(model(json)).containsEntry("bytes_per_token", 288L * 2 * 4);
    }

    /** 3 heads of 16 × 16 in 2 layers, for any number of tokens. */
    @Test
    void linearAttentionHasAState() {
        String model = CommandResult.TESTDATA.resolve("golden/T6_linearattn").toString();

        CommandResult json = CommandResult.of("inspect", "--model", model, "--variant", "linearattn", "--json");
        CommandResult text = CommandResult.of("inspect", "--model", model, "--variant", "linearattn");

        assertThat(json.json()).containsEntry("variant", "T6, linearattn");
        assertThat(model(json)).containsEntry("numbers_per_token_per_layer", 0L);
        assertThat(Json.object(json.json().get("cache"), "cache"))
                .containsEntry("state", Map.of("numbers_per_layer", 768L, "layers", 2L, "bytes", 768L * 2 * 4));
        assertThat(text.out()).contains("state: 768 elements per layer, 6.1 kB in total");
        assertThat(CommandResult.of("inspect", "--model", model).err())
                .contains("choose one, partialrope-decay or linearattn")
                .hasLineCount(1);
    }

    private static Map<String, Object> model(CommandResult ran) {
        return Json.object(Json.object(ran.json().get("cache"), "cache").get("model"), "model");
    }

    @Test
    void listsTheTensorsOfTheFiles() throws IOException {
        CommandResult ran = CommandResult.of("inspect", "--model", CommandResult.TINY, "--json", "--tensors");

        StoredTensors stored = StoredTensors.read(Path.of(CommandResult.TINY, "model.safetensors"));
        assertThat(Json.array(ran.json().get("tensors"), "tensors"))
                .containsExactlyElementsOf(stored.tensors().entrySet().stream()
                        .<Object>map(entry -> Map.of(
                                "name", entry.getKey(),
                                "dtype", entry.getValue().dtype(),
                                "shape", entry.getValue().shape()))
                        .toList());
    }

    @ParameterizedTest
    @CsvSource({"T6_odd, T6", "T6_kvonly, KV-only", "llama-mha, MHA", "llama-gqa, GQA", "llama-mqa, MQA"})
    void needsNoTokenizer(String name, String variant) {
        CommandResult ran = CommandResult.of("inspect", "--model",
                CommandResult.TESTDATA.resolve("golden").resolve(name).toString(), "--tensors");

        assertThat(ran.err()).isEmpty();
        assertThat(ran.code()).isZero();
        assertThat(ran.out()).contains(variant, "assumed", "mha", "F32   [", "transformer.h.1.mlp.c_proj.weight");
    }

    /** A weight file and its tensors may have any names. */
    @ParameterizedTest
    @ValueSource(strings = {"", "--tensors", "--json"})
    void namesOfFilesDoNotControlTheTerminal(String option, @TempDir Path folder) throws IOException {
        Path golden = CommandResult.TESTDATA.resolve("golden/T6_odd");
        Files.copy(golden.resolve("config.json"), folder.resolve("config.json"));
        Files.copy(golden.resolve("model.safetensors"), folder.resolve("a\u001b[2J\u009b\u202e\u007f.safetensors"));

        CommandResult ran = CommandResult.of(option.isEmpty()
                ? new String[] {"inspect", "--model", folder.toString()}
                : new String[] {"inspect", "--model", folder.toString(), option});

        assertThat(ran.code()).isZero();
        assertThat(ran.out()).contains("a\\u001b[2J\\u009b\\u202e\\u007f.safetensors")
                .doesNotContain("\u001b", "\u009b", "\u202e", "\u007f");
        CommandResult hostile = CommandResult.of("inspect", "--tensors", "--model",
                CommandResult.TESTDATA.resolve("hostile/escape").toString());
        assertThat(hostile.code()).isEqualTo(1);
        assertThat(hostile.out() + hostile.err()).doesNotContain("\u001b", "\u0007");
    }

    @Test
    void aRandomModelIsOneThatTheEngineRuns(@TempDir Path folder) {
        String model = folder.resolve("random").toString();

        assertThat(CommandResult.of("init", "--preset", "tiny", "--dtype", "bf16", "--out", model).code()).isZero();

        assertThat(CommandResult.of("inspect", "--model", model, "--json").json())
                .containsEntry("variant", "T6")
                .containsEntry("parameters", 3_311_616L);
    }

    /** 3840 bytes per token in f32, in 16 and 32 pages of 64 tokens; the memory they come from is rounded up. */
    @Test
    void printsTheMemoryOfASession() {
        Map<String, Object> memory =
                Json.object(
                        CommandResult.of("inspect", "--model", CommandResult.TINY, "--context", "2000", "--json").json()
                                .get("memory"),
                        "memory");
        Map<String, Object> shorter =
                Json.object(
                        CommandResult.of("inspect", "--model", CommandResult.TINY, "--context", "1000", "--json").json()
                                .get("memory"),
                        "memory");
        assertThat((Long) memory.get("session_bytes_f32") - (Long) shorter.get("session_bytes_f32"))
                .isBetween(16L * 64 * 3840, 16L * 64 * 3840 * 101 / 100);
        assertThat((Long) memory.get("weights_bytes")).isPositive();
        assertThat((Long) memory.get("available_bytes")).isPositive();
        assertThat(CommandResult.of("inspect", "--model", CommandResult.TINY, "--context", "0").code()).isEqualTo(2);
        assertThat(CommandResult.of("inspect", "--model", CommandResult.TINY, "--context", "2000").out()).contains(
                "session_bytes_q8",
                "available_bytes");
    }
}
