package io.github.t6j.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.ModelFormatException;
import io.github.t6j.TestData;
import io.github.t6j.json.Json;
import io.github.t6j.weights.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The tokenizers of real models, with the keys that a GGUF file of them has, give the ids of Hugging Face's library. */
class GgufTokenizerTest {
    private static final int NORMAL = 1;
    private static final int CONTROL = 3;
    private static final int USER_DEFINED = 4;

    @TempDir
    Path folder;

    /** What llama.cpp's conversion writes of a byte-level tokenizer.json. */
    private Map<String, Object> keys(String name, String pre) throws IOException {
        Path file = GoldTokenizer.unpack(name, folder).resolve("tokenizer.json");
        Map<String, Object> json = Json.parseObject(Files.readAllBytes(file), name);
        Map<String, Object> model = Json.object(json.get("model"), "model");
        TreeMap<Integer, String> tokens = new TreeMap<>();
        Json.object(model.get("vocab"), "vocab").forEach((token, id) -> tokens.put(((Long) id).intValue(), token));
        Map<Integer, Integer> types = new HashMap<>();
        for (Object one : Json.array(json.get("added_tokens"), "added_tokens")) {
            Map<String, Object> added = Json.object(one, "added");
            int id = ((Long) added.get("id")).intValue();
            tokens.put(id, (String) added.get("content"));
            types.put(id, Boolean.TRUE.equals(added.get("special")) ? CONTROL : USER_DEFINED);
        }
        int[] tokenTypes = new int[tokens.lastKey() + 1];
        List<String> list = new ArrayList<>();
        for (int id = 0; id < tokenTypes.length; id++) {
            list.add(tokens.getOrDefault(id, "[PAD" + id + "]"));
            tokenTypes[id] = types.getOrDefault(id, NORMAL);
        }
        List<String> merges = new ArrayList<>();
        for (Object merge : Json.array(model.get("merges"), "merges")) {
            merges.add(merge instanceof String line
                    ? line
                    : String.join(" ", Json.array(merge, "merge").stream().map(String.class::cast).toList()));
        }
        Map<String, Object> keys = new HashMap<>();
        keys.put("tokenizer.ggml.model", "gpt2");
        keys.put("tokenizer.ggml.pre", pre);
        keys.put("tokenizer.ggml.tokens", list);
        keys.put("tokenizer.ggml.token_type", tokenTypes);
        keys.put("tokenizer.ggml.merges", merges);
        keys.put("tokenizer.ggml.bos_token_id", 0L);
        keys.put("tokenizer.ggml.eos_token_id", 1L);
        return keys;
    }

    @ParameterizedTest
    @CsvSource({
        "smollm2, smollm, -1", "qwen3, qwen2, -1", "tekken-small, tekken, 0", "llama3-small, llama-bpe, 0",
        "llama3-small, llama-v3, 0"
    })
    void plainTextsHaveTheIdsOfTheLibrary(String name, String pre, int beginning) throws IOException {
        Tokenizer tokenizer = Tokenizer.ofGguf(keys(name, pre), name);
        int plain = 0;
        for (Map<String, Object> gold : GoldTokenizer.cases(name)) {
            if (gold.get("text") instanceof String text && !gold.containsKey("special")) {
                assertThat(tokenizer.encode(text)).as("%s", gold).isEqualTo(TestData.ints(gold.get("ids")));
                plain++;
            }
        }
        assertThat(plain).isGreaterThan(3500);
        assertThat(tokenizer.beginningOfText()).isEqualTo(beginning);
        assertThat(tokenizer.endOfText()).isEqualTo(1);
    }

    @Test
    void aWholeFileHasItsTokenizer() {
        try (Checkpoint file = Checkpoint.open(TestData.path("golden_llama/gguf-llama3/model-f32.gguf"), true)) {
            Tokenizer tokenizer = Tokenizer.ofGguf(file.gguf(), "file");
            assertThat(tokenizer.size()).isEqualTo(104);
            assertThat(tokenizer.decode(tokenizer.encode("the"))).isEqualTo("the");
            assertThat(tokenizer.encodePrompt("the")).startsWith(102);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "model        | bert     | tokenizer.ggml.model: expected gpt2 or llama, found bert",
        "model        | llama    | tokenizer.ggml.scores: expected a score for each of",
        "pre          | chatglm-bpe | tokenizer.ggml.pre: expected one of [gpt-2, llama-bpe",
        "tokens       | x        | tokenizer.ggml.tokens: expected a value of type List",
        "token_type   | x        | tokenizer.ggml.token_type: expected a value of type int[]",
        "merges       | x        | tokenizer.ggml.merges",
        "bos_token_id | x        | tokenizer.ggml.bos_token_id: expected a value of type Long",
        "add_bos_token | x       | tokenizer.ggml.add_bos_token"
    })
    void whatIsNotKnownIsRefusedByName(String key, String value, String message) throws IOException {
        Map<String, Object> keys = keys("llama3-small", "llama-bpe");
        keys.put("tokenizer.ggml." + key, value);
        assertThatThrownBy(() -> Tokenizer.ofGguf(keys, "file")).isInstanceOf(ModelFormatException.class)
                .hasMessageStartingWith("file: " + message);
    }

    @Test
    void gpt2ComesWithTheLibrary() {
        Tokenizer own = Tokenizer.gpt2();
        Tokenizer file = Tokenizer.load(TestData.path("tokenizers/gpt2"));
        assertThat(own.encode("Call me Ishmael.")).isEqualTo(file.encode("Call me Ishmael."));
        assertThat(own.size()).isEqualTo(50257);
        assertThat(own.documentStart()).isEqualTo(50256);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "none", "no_vocab"})
    void aFileWithoutOneHasNone(String model) {
        assertThat(Tokenizer.ofGguf(model.isEmpty() ? Map.of() : Map.of("tokenizer.ggml.model", model), "file"))
                .isNull();
    }

    /** The file, its folder, and a file of weights beside a tokenizer are names for the same. */
    @Test
    void filesOfWeightsAreLoadedToo() throws IOException {
        Path gguf = Files.copy(TestData.path("golden_llama/gguf-llama3/model-f32.gguf"), folder.resolve("model.gguf"));
        int[] ids;
        try (Checkpoint file = Checkpoint.open(gguf, true)) {
            ids = Tokenizer.ofGguf(file.gguf(), "file").encode("the whale");
        }
        assertThat(Tokenizer.load(gguf).encode("the whale")).isEqualTo(ids).isNotEmpty();
        assertThat(Tokenizer.load(folder).encode("the whale")).isEqualTo(ids);
        int[] tiny = Tokenizer.load(TestData.tiny()).encode("the whale");
        assertThat(Tokenizer.load(TestData.tiny().resolve("model.safetensors")).encode("the whale")).isEqualTo(tiny);
    }
}
