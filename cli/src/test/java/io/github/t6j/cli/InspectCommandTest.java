package io.github.t6j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class InspectCommandTest {

    /** Sizes from the model's config.json; the cache by hand: 2·2·(8+32), 2·h·32, 2·g·32, 2·32, 256+32. */
    @Test
    void saysWhatTheBundledModelIs() {
        Ran ran = Ran.of("inspect", "--model", Ran.TINY, "--json");

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

    @Test
    void namesBothComparisons() {
        assertThat(Ran.of("inspect", "--model", Ran.TINY).out().lines())
                .containsSubsequence(
                        "cache, f32, of a token     heads     parameters    bytes/layer bytes in all",
                        "  model                        8         125952            640         3840",
                        "equal heads (GQA with 4 key heads, MLA 512/256/32)",
                        "  mha                          8         196608           2048        12288",
                        "equal attention parameters (heads of 32, GQA with 2 key heads, MLA 512/256/32)",
                        "  mha                          5         122880           1280         7680");
    }

    /** testdata/golden/llama-mla/config.json: 14 + 8 elements a token instead of 2·4·12. */
    @Test
    void saysWhatMlaIs() {
        Ran ran = Ran.of("inspect", "--model", Ran.TESTDATA.resolve("golden/llama-mla").toString(), "--json");

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

    /** 3 heads of 16 × 16 in 2 layers, whatever the number of tokens. */
    @Test
    void linearAttentionHasAState() {
        String model = Ran.TESTDATA.resolve("golden/T6_linearattn").toString();

        Ran json = Ran.of("inspect", "--model", model, "--variant", "linearattn", "--json");
        Ran text = Ran.of("inspect", "--model", model, "--variant", "linearattn");

        assertThat(json.json()).containsEntry("variant", "T6, linearattn");
        assertThat(model(json)).containsEntry("numbers_per_token_per_layer", 0L);
        assertThat(Json.object(json.json().get("cache"), "cache"))
                .containsEntry("state", Map.of("numbers_per_layer", 768L, "bytes", 768L * 2 * 4));
        assertThat(text.out()).containsPattern("state +768 +6144");
        assertThat(Ran.of("inspect", "--model", model).err()).contains("say which, partialrope-decay or linearattn")
                .hasLineCount(1);
    }

    private static Map<String, Object> model(Ran ran) {
        return Json.object(Json.object(ran.json().get("cache"), "cache").get("model"), "model");
    }

    @Test
    void listsTheTensorsOfTheFiles() throws IOException {
        Ran ran = Ran.of("inspect", "--model", Ran.TINY, "--json", "--tensors");

        StoredTensors stored = StoredTensors.read(Path.of(Ran.TINY, "model.safetensors"));
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
        Ran ran = Ran.of("inspect", "--model", Ran.TESTDATA.resolve("golden").resolve(name).toString(), "--tensors");

        assertThat(ran.err()).isEmpty();
        assertThat(ran.code()).isZero();
        assertThat(ran.out()).contains(variant, "assumed", "mha", "F32   [", "transformer.h.1.mlp.c_proj.weight");
    }

    /** A file with the weights may have any name, and its tensors, too. */
    @ParameterizedTest
    @ValueSource(strings = {"", "--tensors", "--json"})
    void namesOfFilesDoNotControlTheTerminal(String option, @TempDir Path folder) throws IOException {
        Path golden = Ran.TESTDATA.resolve("golden/T6_odd");
        Files.copy(golden.resolve("config.json"), folder.resolve("config.json"));
        Files.copy(golden.resolve("model.safetensors"), folder.resolve("a\u001b[2J\u009b\u202e\u007f.safetensors"));

        Ran ran = Ran.of(option.isEmpty()
                ? new String[] {"inspect", "--model", folder.toString()}
                : new String[] {"inspect", "--model", folder.toString(), option});

        assertThat(ran.code()).isZero();
        assertThat(ran.out()).contains("a\\u001b[2J\\u009b\\u202e\\u007f.safetensors")
                .doesNotContain("\u001b", "\u009b", "\u202e", "\u007f");
        Ran hostile = Ran.of("inspect", "--tensors", "--model", Ran.TESTDATA.resolve("hostile/escape").toString());
        assertThat(hostile.code()).isEqualTo(1);
        assertThat(hostile.out() + hostile.err()).doesNotContain("\u001b", "\u0007");
    }

    @Test
    void aRandomModelIsOneThatTheEngineRuns(@TempDir Path folder) {
        String model = folder.resolve("random").toString();

        assertThat(Ran.of("init", "--preset", "tiny", "--dtype", "bf16", "--out", model).code()).isZero();

        assertThat(Ran.of("inspect", "--model", model, "--json").json())
                .containsEntry("variant", "T6")
                .containsEntry("parameters", 3_311_616L);
    }
}
