package io.github.t6j.tokenizer.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.ModelFormatException;
import io.github.t6j.json.Json;
import io.github.t6j.tokenizer.HandMadeTokenizer;
import io.github.t6j.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Compares the ids that begin and end a text with transformers 4 on the same files. */
class TokenizerConfigTest {
    private static final String TEMPLATE = """
            {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>"}}, {"Sequence": {"id": "A"}}],
             "special_tokens": {"<s>": {"id": "<s>", "ids": [256], "tokens": ["<s>"]}}}""";

    @TempDir
    Path folder;

    private final Map<String, Object> json = HandMadeTokenizer.tokenizerJson(List.of());

    @BeforeEach
    void add() {
        HandMadeTokenizer.add(json, "<s>", 256, true);
        HandMadeTokenizer.add(json, "</s>", 257, true);
    }

    /**
     * Columns: tokenizer_config.json; true if the tokenizer has a template; the ids that begin a prompt, begin a
     * document, end a text.
     */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "{} | true | 256 | 256 | -1",
        "{} | false | -1 | -1 | -1",
        "{\"bos_token\": \"<s>\", \"eos_token\": \"</s>\"} | false | -1 | 256 | 257",
        "{\"bos_token\": \"<s>\", \"eos_token\": {\"content\": \"</s>\"}} | true | 256 | 256 | 257",
        "{\"bos_token\": null, \"eos_token\": \"</s>\"} | false | -1 | 257 | 257",
        "{\"bos_token\": \"<none>\", \"eos_token\": \"<none>\"} | false | -1 | -1 | -1",
        "{\"tokenizer_class\": \"LlamaTokenizerFast\", \"add_bos_token\": true, \"bos_token\": \"<s>\"} | false | 256 | 256 | -1",
        "{\"tokenizer_class\": \"LlamaTokenizer\", \"add_bos_token\": true, \"bos_token\": {\"content\": \"<s>\"}} | false | 256 | 256 | -1",
        "{\"tokenizer_class\": \"LlamaTokenizer\", \"add_bos_token\": false, \"bos_token\": \"<s>\"} | true | -1 | 256 | -1",
        "{\"tokenizer_class\": \"LlamaTokenizer\", \"add_bos_token\": null, \"bos_token\": \"<s>\"} | true | 256 | 256 | -1",
        "{\"tokenizer_class\": \"PreTrainedTokenizerFast\", \"add_bos_token\": false, \"bos_token\": \"<s>\"} | true | 256 | 256 | -1",
        "{\"add_bos_token\": false, \"bos_token\": \"<s>\"} | true | 256 | 256 | -1",
        "{\"tokenizer_class\": null, \"add_bos_token\": true, \"bos_token\": \"<s>\"} | false | -1 | 256 | -1",
        "{\"tokenizer_class\": \"GPT2Tokenizer\", \"add_bos_token\": true, \"bos_token\": \"<s>\"} | false | -1 | 256 | -1",
    })
    void saysWhatATextBeginsWith(String config, boolean template, int prompt, int documentStart, int end)
            throws IOException {
        json.put("post_processor", template ? parse(TEMPLATE) : null);
        Files.writeString(folder.resolve("tokenizer_config.json"), config);
        Path file = HandMadeTokenizer.write(folder, json);
        for (Path path : List.of(folder, file)) {
            Tokenizer tokenizer = Tokenizer.load(path);
            assertThat(tokenizer.beginningOfText()).isEqualTo(prompt);
            assertThat(tokenizer.documentStart()).isEqualTo(documentStart);
            assertThat(tokenizer.endOfText()).isEqualTo(end);
            assertThat(tokenizer.encode("a")).containsExactly('a');
            assertThat(tokenizer.encodeWithSpecialTokens("<s>a")).containsExactly(256, 'a');
            assertThat(tokenizer.encodePrompt("a")).isEqualTo(prompt < 0 ? new int[] {'a'} : new int[] {prompt, 'a'});
            assertThat(tokenizer.encodePrompt("")).isEqualTo(prompt < 0 ? new int[0] : new int[] {prompt});
        }
    }

    @Test
    void readsTheTemplateWithinASequence() throws IOException {
        json.put("post_processor", parse("""
                {"type": "Sequence", "processors": [{"type": "ByteLevel"}, %s]}""".formatted(TEMPLATE)));
        assertThat(Tokenizer.load(HandMadeTokenizer.write(folder, json)).beginningOfText()).isEqualTo(256);
        json.put("post_processor", parse("""
                {"type": "Sequence", "processors": [%s, %s]}""".formatted(TEMPLATE, TEMPLATE)));
        refused(HandMadeTokenizer.write(folder, json), "post_processor.processors[1].type", "one TemplateProcessing");
        json.put("post_processor", parse("{\"type\": \"ByteLevel\"}"));
        assertThat(Tokenizer.load(HandMadeTokenizer.write(folder, json)).beginningOfText()).isEqualTo(-1);
    }

    /** Columns: tokenizer_config.json; items of the template before and after the text; ids of the whole text "a". */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "{} | | </s> | 97 257",
        "{} | <s> | </s> | 256 97 257",
        "{} | <s> | </s> <s> | 256 97 257 256",
        "{} | <s> | | 256 97",
        "{\"tokenizer_class\": \"LlamaTokenizerFast\", \"add_eos_token\": true, \"eos_token\": \"</s>\"} | <s> | | 256 97 257",
        "{\"tokenizer_class\": \"LlamaTokenizerFast\", \"add_eos_token\": false, \"eos_token\": \"</s>\"} | <s> | </s> | 256 97",
        "{\"tokenizer_class\": \"Qwen2Tokenizer\", \"add_eos_token\": true, \"eos_token\": \"</s>\"} | <s> | | 256 97",
    })
    void wholeTextsEndWithTheIdsOfTheTemplate(String config, String before, String after, String whole)
            throws IOException {
        List<Object> single = new ArrayList<>();
        for (String item : ((before == null ? "" : before) + " A " + (after == null ? "" : after)).strip().split(" ")) {
            single.add(parse(item.equals("A")
                    ? "{\"Sequence\": {\"id\": \"A\"}}"
                    : "{\"SpecialToken\": {\"id\": \"%s\"}}".formatted(item)));
        }
        Map<String, Object> template = new LinkedHashMap<>(Json.object(parse(TEMPLATE), "template"));
        template.put("single", single);
        template.put("special_tokens", parse("{\"<s>\": {\"ids\": [256]}, \"</s>\": {\"ids\": [257]}}"));
        json.put("post_processor", template);
        Files.writeString(folder.resolve("tokenizer_config.json"), config);
        Tokenizer tokenizer = Tokenizer.load(HandMadeTokenizer.write(folder, json));
        int[] ids = Stream.of(whole.split(" ")).mapToInt(Integer::parseInt).toArray();
        assertThat(tokenizer.encodeWhole("a")).containsExactly(ids);
        int appended = tokenizer.appended().length;
        assertThat(tokenizer.encodePrompt("a")).containsExactly(Arrays.copyOf(ids, ids.length - appended));
        assertThat(tokenizer.appended()).containsExactly(Arrays.copyOfRange(ids, ids.length - appended, ids.length));
    }

    @Test
    void documentsBeginWithEndOfTextIfTheModelHasIt() throws IOException {
        HandMadeTokenizer.add(json, "<|endoftext|>", 258, true);
        json.put("post_processor", parse(TEMPLATE));
        Path file = HandMadeTokenizer.write(folder, json);
        assertThat(Tokenizer.load(file).endOfText()).isEqualTo(258);
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"eos_token\": \"</s>\"}");
        Tokenizer tokenizer = Tokenizer.load(file);
        assertThat(tokenizer.beginningOfText()).isEqualTo(256);
        assertThat(tokenizer.documentStart()).isEqualTo(258);
        assertThat(tokenizer.endOfText()).isEqualTo(257);
    }

    @Test
    void isReadNextToVocabularyAndMerges() throws IOException {
        Files.writeString(folder.resolve("vocab.json"),
                Json.write(Json.object(json.get("model"), "model").get("vocab")));
        Files.writeString(folder.resolve("merges.txt"), "");
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"eos_token\": \"</s>\"}");
        assertThat(Tokenizer.load(folder).endOfText()).isEqualTo(257);
    }

    @Test
    void refusesInvalidTokens() throws IOException {
        HandMadeTokenizer.write(folder, json);
        Path config = folder.resolve("tokenizer_config.json");
        Files.writeString(config, "{\"bos_token\": 3}");
        refused(folder, "tokenizer_config.json: bos_token: expected a string", "found 3");
        Files.writeString(config, "{\"eos_token\": {\"text\": \"a\"}}");
        refused(folder, "tokenizer_config.json: eos_token: expected a string", "found {text=a}");
        Files.writeString(config,
                "{\"tokenizer_class\": \"LlamaTokenizer\", \"add_bos_token\": true, \"bos_token\": \"<x>\"}");
        refused(folder, "tokenizer_config.json: bos_token", "add_bos_token is true", "found <x>");
        Files.writeString(config, "[");
        refused(folder, "tokenizer_config.json: not valid JSON");
        Files.delete(config);
        Files.createDirectory(config);
        refused(folder, "tokenizer_config.json");
    }

    private static Object parse(String text) {
        return Json.parse(text.getBytes(StandardCharsets.UTF_8), "text");
    }

    private static void refused(Path path, String... named) {
        assertThatThrownBy(() -> Tokenizer.load(path))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContainingAll(named)
                .hasMessageNotContaining("\n");
    }
}
