package io.github.t6j.tokenizer.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.ModelFormatException;
import io.github.t6j.TestData;
import io.github.t6j.tokenizer.GgufKeys;
import io.github.t6j.tokenizer.GoldTokenizer;
import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.weights.checkpoint.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares tokenizers of real models, given as keys of a GGUF file, with the ids of Hugging Face's library. */
class GgufTokenizerTest {

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({
        "smollm2, smollm, -1", "qwen3, qwen2, -1", "tekken-small, tekken, 0", "llama3-small, llama-bpe, 0",
        "llama3-small, llama-v3, 0"
    })
    void plainTextsHaveTheIdsOfTheLibrary(String name, String pre, int beginning) throws IOException {
        Tokenizer tokenizer =
                Tokenizer.ofGguf(GgufKeys.byteLevel(GoldTokenizer.unpack(name, folder), pre), name).orElseThrow();
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
    void readsTheTokenizerOfAWholeFile() {
        try (Checkpoint file = Checkpoint.open(TestData.path("golden_llama/gguf-llama3/model-f32.gguf"), true)) {
            Tokenizer tokenizer = Tokenizer.ofGguf(file.gguf(), "file").orElseThrow();
            assertThat(tokenizer.size()).isEqualTo(104);
            assertThat(tokenizer.decode(tokenizer.encode("the"))).isEqualTo("the");
            assertThat(tokenizer.encodePrompt("the")).startsWith(102);
        }
    }

    /** A name that llama.cpp gives no tokenizer yet, and none. */
    @ParameterizedTest
    @ValueSource(strings = {"dragon", ""})
    void theTokenizerOfOlalaIsQwens(String pre) throws IOException {
        Map<String, Object> keys = GgufKeys.byteLevel(GoldTokenizer.unpack("qwen3", folder), "qwen2");
        Tokenizer qwen = Tokenizer.ofGguf(keys, "qwen").orElseThrow();
        keys.put("general.architecture", "dragon");
        if (pre.isEmpty()) {
            keys.remove("tokenizer.ggml.pre");
        } else {
            keys.put("tokenizer.ggml.pre", pre);
        }

        Tokenizer found = Tokenizer.ofGguf(keys, "file").orElseThrow();

        String text = "Cafe\u0301s cost 12345 francs\u00a0!\n\n  don't";
        assertThat(found.encode(text)).isEqualTo(qwen.encode(text));
        keys.remove("general.architecture");
        assertThatThrownBy(() -> Tokenizer.ofGguf(keys, "file")).isInstanceOf(ModelFormatException.class)
                .hasMessageStartingWith("file: tokenizer.ggml.pre: expected one of");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "model        | bert     | tokenizer.ggml.model: expected gpt2 or llama, found bert",
        "model        | llama    | tokenizer.ggml.scores: expected a score for each of",
        "pre          | chatglm-bpe | tokenizer.ggml.pre: expected one of [dbrx, deepseek-r1-qwen, gpt-2, gpt-4o, llama-bpe",
        "tokens       | x        | tokenizer.ggml.tokens: expected a value of type List",
        "token_type   | x        | tokenizer.ggml.token_type: expected a value of type int[]",
        "merges       | x        | tokenizer.ggml.merges",
        "bos_token_id | x        | tokenizer.ggml.bos_token_id: expected a value of type Long",
        "add_bos_token | x       | tokenizer.ggml.add_bos_token"
    })
    void unknownValuesAreRefusedByName(String key, String value, String message) throws IOException {
        Map<String, Object> keys = GgufKeys.byteLevel(
                GoldTokenizer.unpack("llama3-small", folder), "llama-bpe");
        keys.put("tokenizer.ggml." + key, value);
        assertThatThrownBy(() -> Tokenizer.ofGguf(keys, "file")).isInstanceOf(ModelFormatException.class)
                .hasMessageStartingWith("file: " + message);
    }

    @Test
    void gpt2ComesWithTheLibrary() {
        Tokenizer gpt2 = Tokenizer.gpt2();
        Tokenizer file = Tokenizer.load(TestData.path("tokenizers/gpt2"));
        assertThat(gpt2.encode("Call me Ishmael.")).isEqualTo(file.encode("Call me Ishmael."));
        assertThat(gpt2.size()).isEqualTo(50257);
        assertThat(gpt2.documentStart()).isEqualTo(50256);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "none", "no_vocab"})
    void aFileWithoutOneHasNone(String model) {
        assertThat(Tokenizer.ofGguf(model.isEmpty() ? Map.of() : Map.of("tokenizer.ggml.model", model), "file"))
                .isEmpty();
    }

    /** The file, its folder, and a file of weights next to a tokenizer name the same tokenizer. */
    @Test
    void filesOfWeightsAreLoadedToo() throws IOException {
        Path gguf = Files.copy(TestData.path("golden_llama/gguf-llama3/model-f32.gguf"), folder.resolve("model.gguf"));
        int[] ids;
        try (Checkpoint file = Checkpoint.open(gguf, true)) {
            ids = Tokenizer.ofGguf(file.gguf(), "file").orElseThrow().encode("the whale");
        }
        assertThat(Tokenizer.load(gguf).encode("the whale")).isEqualTo(ids).isNotEmpty();
        assertThat(Tokenizer.load(folder).encode("the whale")).isEqualTo(ids);
        int[] tiny = Tokenizer.load(TestData.tiny()).encode("the whale");
        assertThat(Tokenizer.load(TestData.tiny().resolve("model.safetensors")).encode("the whale")).isEqualTo(tiny);
    }

    /** The files of DeepSeek's Qwen models have Qwen's expression, but do not compose characters. */
    @Test
    void deepSeeksQwenDoesNotCompose() throws IOException {
        Map<String, Object> keys = GgufKeys.byteLevel(GoldTokenizer.unpack("qwen3", folder), "deepseek-r1-qwen");
        Tokenizer tokenizer = Tokenizer.ofGguf(keys, "file").orElseThrow();
        assertThat(tokenizer.decode(tokenizer.encode("e\u0301 12"))).isEqualTo("e\u0301 12");
        assertThat(tokenizer.encode("12")).hasSize(2);
    }

    /** As llama.cpp, and the tokenizer.json of Phi-3; the file of another architecture has the same tokens. */
    @ParameterizedTest
    @CsvSource({"phi3, true", "llama, false"})
    void controlTokensOfPhi3IncludeTheWhiteSpaceAfterThem(String architecture, boolean strips) throws IOException {
        Map<String, Object> keys = scored("<|user|>", "<|end|>", "<|endoftext|>");
        keys.put("general.architecture", architecture);
        Tokenizer tokenizer = Tokenizer.ofGguf(keys, "file").orElseThrow();
        String text = "<|user|>\na<|end|>\n<|endoftext|> b";
        int newLine = 10;
        assertThat(tokenizer.encodeWithSpecialTokens(text)).containsExactly(strips
                ? new int[] {259, 256, 257, 260, 261, 256, 256, 258}
                : new int[] {259, 256, newLine, 257, 260, 256, newLine, 261, 256, 256, 258});
    }

    /** The file says that they are normal tokens, as some of Gemma do. */
    @Test
    void tokensThatEndATurnAreControlTokens() throws IOException {
        Map<String, Object> keys = scored("<start_of_turn>", "<end_of_turn>", "<|im_end|>");
        Arrays.fill((int[]) keys.get("tokenizer.ggml.token_type"), 259, 262, 1);
        Tokenizer tokenizer = Tokenizer.ofGguf(keys, "file").orElseThrow();
        assertThat(tokenizer.encodeWithSpecialTokens("<start_of_turn>a<end_of_turn><|im_end|>"))
                .containsExactly(259, 256, 257, 260, 261);
        assertThat(tokenizer.isSpecial(259)).isTrue();
        assertThat(tokenizer.isSpecial(260)).isTrue();
    }

    /** Bytes, ▁, a, b, and three control tokens from id 259 on. */
    private static Map<String, Object> scored(String... controls) {
        List<String> tokens = new ArrayList<>(
                IntStream.range(0, 256).mapToObj("<0x%02X>"::formatted).toList());
        tokens.addAll(List.of("\u2581", "a", "b"));
        tokens.addAll(List.of(controls));
        int[] types = new int[tokens.size()];
        Arrays.fill(types, 0, 256, 6);
        Arrays.fill(types, 256, 259, 1);
        Arrays.fill(types, 259, types.length, 3);
        return new HashMap<>(Map.of("tokenizer.ggml.model", "llama", "tokenizer.ggml.tokens", tokens,
                "tokenizer.ggml.token_type", types, "tokenizer.ggml.scores", new float[types.length]));
    }
}
