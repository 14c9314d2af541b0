package io.github.t6j.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import io.github.t6j.TestData;
import io.github.t6j.tokenizer.json.TokenizerFiles;
import io.github.t6j.weights.checkpoint.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The tokenizer of a GGUF file, written as tokenizer.json and tokenizer_config.json, gives the same ids. */
class GgufTokenizerFilesTest {

    @TempDir
    Path folder;

    private Path written(Map<String, Object> keys) throws IOException {
        Path made = Files.createTempDirectory(folder, "made");
        for (Map.Entry<String, byte[]> file : TokenizerFiles.filesOfGguf(keys, "file").entrySet()) {
            Files.write(made.resolve(file.getKey()), file.getValue());
        }
        return made;
    }

    private static int[] ints(long[] longs) {
        return Arrays.stream(longs).mapToInt(Math::toIntExact).toArray();
    }

    /** The library's ids for the original tokenizer.json are the oracle, for the folder and for the library itself. */
    private static void agree(Path made, Tokenizer file, String gold) throws IOException {
        Tokenizer read = Tokenizer.load(made);
        assertThat(read.size()).isEqualTo(file.size());
        assertThat(read.beginningOfText()).isEqualTo(file.beginningOfText());
        assertThat(read.endOfText()).isEqualTo(file.endOfText());
        assertThat(read.documentStart()).isEqualTo(file.documentStart());
        int plain = 0;
        int marked = 0;
        try (HuggingFaceTokenizer library = HuggingFaceTokenizer.newInstance(made.resolve("tokenizer.json"))) {
            for (Map<String, Object> line : GoldTokenizer.cases(gold)) {
                if (!(line.get("text") instanceof String text)) {
                    continue;
                }
                if (line.containsKey("special")) {
                    int[] ids = file.encodeWithSpecialTokens(text);
                    assertThat(read.encodeWithSpecialTokens(text)).as("%s", line).isEqualTo(ids);
                    assertThat(ints(library.encode(text, false, false).getIds())).as("%s", line).isEqualTo(ids);
                    assertThat(read.decode(ids)).as("%s", line).isEqualTo(file.decode(ids));
                    marked++;
                } else {
                    int[] ids = TestData.ints(line.get("ids"));
                    assertThat(read.encode(text)).as("%s", line).isEqualTo(ids);
                    assertThat(read.encodePrompt(text)).as("%s", line).isEqualTo(file.encodePrompt(text));
                    assertThat(read.decode(ids)).as("%s", line).isEqualTo(file.decode(ids));
                    plain++;
                }
            }
        }
        assertThat(plain).isGreaterThan(3000);
        assertThat(marked).isGreaterThan(30);
    }

    @ParameterizedTest
    @CsvSource({
        "smollm2, smollm", "qwen3, qwen2", "tekken-small, tekken", "llama3-small, llama-bpe", "llama3-small, llama3",
        "llama3-small, llama-v3"
    })
    void byteLevelTokenizersOfEverySplitter(String name, String pre) throws IOException {
        Map<String, Object> keys = GgufKeys.byteLevel(GoldTokenizer.unpack(name, folder), pre);
        Tokenizer file = Tokenizer.ofGguf(keys, name).orElseThrow();
        Path made = written(keys);
        agree(made, file, name);
        assertThat(Tokenizer.load(made).fingerprint()).isEqualTo(file.fingerprint());
    }

    /** The oracle is the library with special tokens, by the template that was made of the file's keys. */
    @Tag("full")
    @ParameterizedTest
    @CsvSource({"true, false", "false, true", "true, true", "false, false"})
    void wholeTextsBeginAndEndAsTheKeysSay(boolean begins, boolean ends) throws IOException {
        Map<String, Object> keys = GgufKeys.byteLevel(GoldTokenizer.unpack("qwen3", folder), "qwen2");
        keys.put("tokenizer.ggml.add_bos_token", begins);
        keys.put("tokenizer.ggml.add_eos_token", ends);
        Tokenizer file = Tokenizer.ofGguf(keys, "qwen3").orElseThrow();
        Path made = written(keys);
        String text = "Call me Ishmael.  1234 don't — \u4E2D\uD83D\uDE00\n\n\tx";
        assertThat(file.appended()).hasSize(ends ? 1 : 0);
        assertThat(file.encodeWhole(text)).hasSize(file.encode(text).length + (begins ? 1 : 0) + (ends ? 1 : 0))
                .isEqualTo(Tokenizer.load(made).encodeWhole(text));
        try (HuggingFaceTokenizer library = HuggingFaceTokenizer.newInstance(made.resolve("tokenizer.json"))) {
            assertThat(file.encodeWhole(text)).isEqualTo(ints(library.encode(text, true, false).getIds()));
        }
    }

    @Test
    void gpt2() throws IOException {
        Map<String, Object> keys = GgufKeys.gpt2();
        Path made = written(keys);
        Tokenizer read = Tokenizer.load(made);
        assertThat(read.fingerprint()).isEqualTo(Tokenizer.gpt2().fingerprint())
                .isEqualTo(Tokenizer.ofGguf(keys, "gpt2").orElseThrow().fingerprint());
        String text = "Call me Ishmael.<|endoftext|>  1234 don't — \u4E2D\uD83D\uDE00\n\n\tx";
        try (HuggingFaceTokenizer library = HuggingFaceTokenizer.newInstance(made.resolve("tokenizer.json"))) {
            assertThat(ints(library.encode(text, false, false).getIds()))
                    .isEqualTo(Tokenizer.gpt2().encodeWithSpecialTokens(text));
        }
    }

    @ParameterizedTest
    @CsvSource({"mistral-v0.1-legacy, true", "mistral-v0.1-legacy, false"})
    void scoredTokenizers(String name, boolean withPrefix) throws IOException {
        Map<String, Object> keys = GgufKeys.scored(GoldTokenizer.unpack(name, folder));
        if (withPrefix) {
            agree(written(keys), Tokenizer.ofGguf(keys, name).orElseThrow(), name);
        } else {
            keys.put("tokenizer.ggml.add_space_prefix", false);
            Tokenizer file = Tokenizer.ofGguf(keys, name).orElseThrow();
            Tokenizer read = Tokenizer.load(written(keys));
            for (String text : List.of("a", " a", "Hello  world\n\u4E2D\u0301", "<s>x</s> y")) {
                assertThat(read.encodePrompt(text)).isEqualTo(file.encodePrompt(text));
                assertThat(read.encodeWithSpecialTokens(text)).isEqualTo(file.encodeWithSpecialTokens(text));
                assertThat(read.decode(read.encode(text))).isEqualTo(file.decode(file.encode(text))).isEqualTo(text);
            }
        }
    }

    /** Tokens of two letters overlap themselves and one another in all ways. */
    @Test
    void scoredTokensThatOverlap() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 50; round++) {
            Map<String, Object> keys = GgufKeys.overlapping(random);
            Tokenizer file = Tokenizer.ofGguf(keys, "file").orElseThrow();
            Tokenizer read = Tokenizer.load(written(keys));
            for (int i = 0; i < 100; i++) {
                StringBuilder text = new StringBuilder();
                for (int length = random.nextInt(1, 40); length > 0; length--) {
                    text.append("ab ".charAt(random.nextInt(20) * 3 / 20 % 3));
                }
                assertThat(read.encode(text.toString()))
                        .as("seed %d: \"%s\" by %s", seed, text, keys.get("tokenizer.ggml.tokens"))
                        .isEqualTo(file.encode(text.toString()));
            }
        }
    }

    @Test
    void theChatTemplateAndSpecialTokensAreWritten() throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(TestData.path("golden_llama/gguf-llama3/model-f32.gguf"), true)) {
            Map<String, Object> keys = new LinkedHashMap<>(checkpoint.gguf());
            keys.put("tokenizer.chat_template", "{{ messages }}");
            Map<String, Object> config = TestData.json(written(keys).resolve("tokenizer_config.json"));
            List<?> tokens = (List<?>) keys.get("tokenizer.ggml.tokens");
            assertThat(config).containsEntry("chat_template", "{{ messages }}")
                    .containsEntry("bos_token", tokens.get(102)).containsKey("eos_token");
            keys.put("tokenizer.chat_template.tool_use", "{{ tools }}");
            config = TestData.json(written(keys).resolve("tokenizer_config.json"));
            assertThat(config.get("chat_template")).isEqualTo(List.of(
                    Map.of("name", "default", "template", "{{ messages }}"),
                    Map.of("name", "tool_use", "template", "{{ tools }}")));
        }
    }

    @Test
    void aFileWithoutVocabularyHasNone() {
        assertThat(TokenizerFiles.filesOfGguf(Map.of("tokenizer.ggml.model", "no_vocab"), "file")).isEmpty();
    }
}
