package io.github.t6j.tokenizer.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.ModelFormatException;
import io.github.t6j.TestData;
import io.github.t6j.json.Json;
import io.github.t6j.tokenizer.HandMadeTokenizer;
import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.tokenizer.split.SplittersTest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests which files are read, and that refused files are named. */
class TokenizerFilesTest {
    @TempDir
    Path folder;

    private final Map<String, Object> json = HandMadeTokenizer.tokenizerJson(List.of("a b", "ab c"));

    /** Columns: a place in tokenizer.json, the JSON to put there, and other parts of the error. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "model | null | object",
        "model.type | \"Unigram\" | BPE, found Unigram",
        "model.dropout | 0.1 | found 0.1",
        "model.continuing_subword_prefix | \"##\" | found ##",
        "model.end_of_word_suffix | \"</w>\" | found </w>",
        "model.byte_fallback | true | expected false, found true",
        "model.byte_fallback | 1 | expected false, found 1",
        "model.ignore_merges | 1 | expected true or false, found 1",
        "model.unk_token | 3 | expected a string, found 3",
        "model.vocab | [] | object",
        "model.vocab.ab | -1 | \"ab\": expected an id from 0",
        "model.vocab.ab | 4000000000 | found 4000000000",
        "model.vocab.ab | \"7\" | found 7",
        "model.vocab.ab | 16777216 | expected an id from 0 to 16777215, found 16777216",
        "model.vocab.ab | 9007199254740992 | found 9007199254740992",
        "model.vocab.ab | 9223372036854775808 | found 9.223372036854776E18",
        "model.vocab.ab | null | found null",
        "model.vocab.ab | [256] | found [256]",
        "model.vocab.ab | {} | found {}",
        "model.vocab | null | object",
        "model.merges | null | array",
        "model.merges | [\"a b\", null] | model.merges[1] found null",
        "model.merges | [[\"a\", 7]] | model.merges[0]",
        "model.merges | [[]] | model.merges[0]",
        "model.merges | [\" ab\"] | model.merges[0] two tokens",
        "model.merges | [\"\"] | model.merges[0] two tokens",
        "model | [] | object",
        "model | \"BPE\" | object",
        "added_tokens | [null] | added_tokens[0]",
        "added_tokens | \"<x>\" | array",
        "added_tokens | [{\"id\": 300, \"content\": 7}] | added_tokens[0].content found 7",
        "added_tokens | [{\"id\": -1, \"content\": \"<x>\"}] | added_tokens[0] found -1",
        "added_tokens | [{\"id\": 2147483648, \"content\": \"<x>\"}] | added_tokens[0] found 2147483648",
        "added_tokens | [{\"id\": 1.5, \"content\": \"<x>\"}] | added_tokens[0] found 1.5",
        "added_tokens | [{\"id\": \"9\", \"content\": \"<x>\"}] | added_tokens[0] found 9",
        "pre_tokenizer | [] | object",
        "pre_tokenizer | \"ByteLevel\" | object",
        "normalizer | [] | object",
        "model.vocab.ab | 1.5 | found 1.5",
        "model.vocab.ab | 65 | one token for each id, found \"A\" and \"ab\" with id 65",
        "model.merges | {} | array",
        "model.merges | [\"a b\", \"a b\"] | merge 2 (\"a b\"): expected each merge once, found a duplicate",
        "model.merges | [\"a b\", \"b c\"] | merge 2 (\"b c\") no \"bc\"",
        "model.merges | [[\"xy\", \"z\"]] | merge 1 no \"xy\"",
        "model.merges | [\"ab\"] | model.merges[0] two tokens separated by a space found \"ab\"",
        "model.merges | [\"a b c\"] | model.merges[0] two tokens",
        "model.merges | [[\"a\", \"b\", \"c\"]] | model.merges[0] found [a, b, c]",
        "model.merges | [3] | model.merges[0] found 3",
        "normalizer | {\"type\": \"NFKC\"} | normalizer.type: expected NFC, found NFKC",
        "normalizer | {\"type\": \"Precompiled\"} | found Precompiled",
        "normalizer | {\"type\": \"Lowercase\"} | found Lowercase",
        "normalizer | [] | normalizer: expected a JSON object, found an array",
        "normalizer | {\"type\": \"Sequence\", \"normalizers\": [{\"type\": \"NFC\"}, {\"type\": \"Strip\"}]} | normalizer.normalizers[1].type: found Strip",
        "normalizer | {\"type\": \"Sequence\"} | normalizer.normalizers: expected a JSON array",
        "normalizer | {\"type\": \"Prepend\"} | normalizer.prepend: expected a string, found null",
        "normalizer | {\"type\": \"Prepend\", \"prepend\": \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"} | at most 64 times",
        "normalizer | {\"type\": \"Replace\", \"pattern\": {\"Regex\": \" \"}, \"content\": \"_\"} | normalizer.pattern.String: expected a string, found null",
        "normalizer | {\"type\": \"Replace\", \"pattern\": {\"String\": \"\"}, \"content\": \"_\"} | normalizer.pattern.String: expected a string",
        "normalizer | {\"type\": \"Replace\", \"pattern\": {\"String\": \" \"}} | normalizer.content: expected a string, found null",
        "pre_tokenizer | null | decoder: object",
        "pre_tokenizer.type | \"Whitespace\" | expected ByteLevel, found Whitespace use",
        "pre_tokenizer.type | \"Punctuation\" | found Punctuation",
        "pre_tokenizer.type | \"BertPreTokenizer\" | found BertPreTokenizer",
        "pre_tokenizer.type | \"UnicodeScripts\" | found UnicodeScripts",
        "pre_tokenizer.type | null | expected ByteLevel, found null",
        "pre_tokenizer.add_prefix_space | true | expected false, found true",
        "pre_tokenizer.add_prefix_space | null | expected false, found null",
        "pre_tokenizer.use_regex | 0 | expected true or false, found 0",
        "decoder | {\"type\": \"WordPiece\"} | decoder.type: expected ByteLevel, found WordPiece",
        "decoder | {\"type\": \"Metaspace\", \"replacement\": \"\u2581\"} | decoder.type: expected ByteLevel, found Metaspace",
        "decoder | {\"type\": \"Sequence\", \"decoders\": [{\"type\": \"ByteFallback\"}]} | decoder.decoders[0].type: expected ByteLevel, found ByteFallback",
        "post_processor | {\"type\": \"BertProcessing\"} | post_processor.type: expected TemplateProcessing found BertProcessing",
        "post_processor | {\"type\": \"Sequence\", \"processors\": [{\"type\": \"RobertaProcessing\"}]} | post_processor.processors[0].type: found RobertaProcessing",
        "post_processor | {\"type\": \"TemplateProcessing\", \"single\": []} | post_processor.single: expected one Sequence",
        "post_processor | {\"type\": \"TemplateProcessing\", \"single\": [{\"SpecialToken\": {\"id\": \"a\"}}, {\"SpecialToken\": {\"id\": \"b\"}}, {\"Sequence\": {\"id\": \"A\"}}]} | at most one SpecialToken",
        "post_processor | {\"type\": \"TemplateProcessing\", \"single\": [{\"SpecialToken\": {\"id\": \"a\"}}, {\"Sequence\": {\"id\": \"A\"}}], \"special_tokens\": {\"a\": {\"ids\": [97, 98]}}} | post_processor.special_tokens.a.ids: expected one id",
        "post_processor | {\"type\": \"TemplateProcessing\", \"single\": [{\"SpecialToken\": {\"id\": \"a\"}}, {\"Sequence\": {\"id\": \"A\"}}], \"special_tokens\": {\"a\": {\"ids\": [999]}}} | first id of a prompt found 999",
        "added_tokens | {} | array",
        "added_tokens | [3] | added_tokens[0]",
        "added_tokens | [{\"id\": 300, \"content\": \"\"}] | added_tokens[0].content",
        "added_tokens | [{\"id\": 300}] | added_tokens[0].content found null",
        "added_tokens | [{\"content\": \"<x>\"}] | added_tokens[0] found null",
        "added_tokens | [{\"id\": 258, \"content\": \"<x>\", \"lstrip\": 1}] | added_tokens[0].lstrip: expected true or false",
        "added_tokens | [{\"id\": 258, \"content\": \"<x>\", \"normalized\": \"no\"}] | added_tokens[0].normalized: found no",
        "added_tokens | [{\"id\": 258, \"content\": \"\\ud800\"}] | added_tokens[0].content: expected a string",
        "model.vocab | {\"\\ud800\": 1} | model.vocab: \"\\ud800\": lone surrogate",
        "normalizer | {\"type\": \"Prepend\", \"prepend\": \"\\udc00\"} | normalizer.prepend: expected a string",
        "added_tokens | [{\"id\": 300, \"content\": \"<x>\"}] | expected 258, \"<x>\" added_tokens, found 300",
        "added_tokens | [{\"id\": 258, \"content\": \"<x>\"}, {\"id\": 260, \"content\": \"<y>\"}] | expected 259, \"<y>\" found 260",
        "added_tokens | [{\"id\": 300, \"content\": \"ab\"}] | one id for \"ab\", found 256, and 300",
        "added_tokens | [{\"id\": 32, \"content\": \"\u0120\"}] | one text for \"\u0120\", found \" \"",
        "added_tokens | [{\"id\": 256, \"content\": \"<x>\"}] | found \"ab\" and \"<x>\" with id 256",
        "added_tokens | [{\"id\": 300, \"content\": \"x\"}, {\"id\": 301, \"content\": \"x\"}] | one id for \"x\""
    })
    void refusesUnsupportedValues(String place, String value, String named) throws IOException {
        put(place, Json.parse(value.getBytes(StandardCharsets.UTF_8), "value"));
        refused(HandMadeTokenizer.write(folder, json), named.split(" "));
    }

    @Test
    void readsSequencesThatEndWithByteLevel() throws IOException {
        Map<String, Object> digits = Map.of("type", "Digits", "individual_digits", true);
        Map<String, Object> mark = Map.of("type", "Metaspace", "replacement", "▁");
        Map<String, Object> bytes = HandMadeTokenizer.byteLevel();
        preTokenizers(bytes, digits);
        refused(HandMadeTokenizer.write(folder, json), "pre_tokenizer.pretokenizers[1].type", "nothing after",
                "Digits");
        preTokenizers(digits, mark, bytes);
        refused(HandMadeTokenizer.write(folder, json), "pre_tokenizer.pretokenizers[1].type", "before all",
                "Metaspace");
        preTokenizers(Map.of("type", "Metaspace", "replacement", "_"), bytes);
        refused(HandMadeTokenizer.write(folder, json), "pretokenizers[0].replacement", "expected ▁, found _");
        preTokenizers(Map.of("type", "Metaspace", "replacement", "▁", "prepend_scheme", "last"), bytes);
        refused(HandMadeTokenizer.write(folder, json), "pretokenizers[0].prepend_scheme", "found last");
        preTokenizers(bytes);
        assertThat(Tokenizer.load(HandMadeTokenizer.write(folder, json)).encode("abcab")).containsExactly(257, 256);
        preTokenizers(Map.of("type", "Sequence", "pretokenizers", List.of(digits)), bytes);
        assertThat(Tokenizer.load(HandMadeTokenizer.write(folder, json)).encode("12abc")).containsExactly('1', '2',
                257);
    }

    @Test
    void refusesSplitsByUnknownExpressions() throws IOException {
        Map<String, Object> split =
                new LinkedHashMap<>(Map.of("type", "Split", "behavior", "Isolated", "invert", false));
        preTokenizers(split, HandMadeTokenizer.byteLevel());
        refused(HandMadeTokenizer.write(folder, json), "pre_tokenizer.pretokenizers[0].pattern", "object", "null");
        split.put("pattern", Map.of("String", "-"));
        refused(HandMadeTokenizer.write(folder, json), "pretokenizers[0].pattern", "Qwen 2", "{String=-}");
        split.put("pattern", Map.of("String", " "));
        refused(HandMadeTokenizer.write(folder, json), "behavior", "expected MergedWithPrevious, found Isolated");
        split.put("behavior", "MergedWithPrevious");
        assertThat(Tokenizer.load(HandMadeTokenizer.write(folder, json)).encode("A S")).containsExactly('A', ' ', 'S');
        split.put("behavior", "Isolated");
        split.put("pattern", Map.of("Regex", "\\s+"));
        refused(HandMadeTokenizer.write(folder, json), "pretokenizers[0].pattern", "Qwen 2", "{Regex=\\s+}");
        split.put("pattern", Map.of("Regex", SplittersTest.QWEN2));
        Path file = HandMadeTokenizer.write(folder, json);
        assertThat(Tokenizer.load(file).encode("A'S")).containsExactly('A', '\'', 'S');
        split.put("invert", true);
        refused(HandMadeTokenizer.write(folder, json), "pretokenizers[0].behavior", "expected Removed, found Isolated");
        split.put("behavior", "Removed");
        assertThat(Tokenizer.load(HandMadeTokenizer.write(folder, json)).encode("A'S")).containsExactly('A', '\'', 'S');
        split.put("invert", false);
        refused(HandMadeTokenizer.write(folder, json), "pretokenizers[0].behavior", "expected Isolated, found Removed");
    }

    private void preTokenizers(Object... parts) {
        put("pre_tokenizer", Map.of("type", "Sequence", "pretokenizers", List.of(parts)));
    }

    /** Accepts a missing type, as in GPT-2's own file. */
    @Test
    void readsFilesThatDoNotNameTheModel() throws IOException {
        Json.object(json.get("model"), "model").remove("type");
        assertThat(Tokenizer.load(HandMadeTokenizer.write(folder, json)).encode("abcab")).containsExactly(257, 256);
        put("model.type", "WordPiece");
        refused(HandMadeTokenizer.write(folder, json), "model.type", "expected BPE, found WordPiece");
    }

    @Test
    void refusesAnAddedTokenThatIsTooLong() throws IOException {
        put("added_tokens", List.of(Map.of("content", "a".repeat(1025), "id", 300L)));
        refused(HandMadeTokenizer.write(folder, json), "added_tokens[0].content", "at most 1024 characters");
    }

    /** Refuses the two files of other models, which lack regular expressions and added tokens. */
    @Test
    void refusesTwoFilesOfAnotherModel() throws IOException {
        for (String name : List.of("encoder.json", "vocab.bpe")) {
            Files.copy(TestData.path("tokenizers/gpt2").resolve(name), folder.resolve(name));
        }
        Path config = folder.resolve("tokenizer_config.json");
        Files.writeString(config, "{\"tokenizer_class\": \"GPT2Tokenizer\"}");
        assertThat(Tokenizer.load(folder).encode("The")).containsExactly(464);
        Files.writeString(config, "{\"tokenizer_class\": \"Qwen2Tokenizer\"}");
        refused(folder, "tokenizer_class", "expected GPT2Tokenizer", "found Qwen2Tokenizer", "copy the model's");
    }

    @Test
    void readsOldFilesWithoutTheKeyUseRegex() throws IOException {
        Map<String, Object> old = HandMadeTokenizer.byteLevel();
        old.remove("use_regex");
        put("pre_tokenizer", old);
        json.remove("added_tokens");
        json.remove("normalizer");
        assertThat(Tokenizer.load(HandMadeTokenizer.write(folder, json)).encode("abcab")).containsExactly(257, 256);
    }

    @Test
    void findsTheEndOfTextInTheVocabulary() throws IOException {
        put("model.vocab.<|endoftext|>", 300L);
        Tokenizer tokenizer = Tokenizer.load(HandMadeTokenizer.write(folder, json));
        assertThat(tokenizer.endOfText()).isEqualTo(300);
        assertThat(tokenizer.encodeWithSpecialTokens("<|endoftext|>")).containsExactly(300);
        assertThat(tokenizer.encode("<|endoftext|>")).hasSize(13);
    }

    @Test
    void refusesAVocabularyWithoutAllBytes() throws IOException {
        Map<String, Object> vocabulary = Json.object(Json.object(json.get("model"), "model").get("vocab"), "vocab");
        vocabulary.remove("Ġ");
        refused(HandMadeTokenizer.write(folder, json), "model.vocab", "0x20", "Ġ");
        vocabulary.put("Ġ", 32L);
        vocabulary.remove("Ā");
        assertThat(Tokenizer.load(HandMadeTokenizer.write(folder, json)).encode("a\0b")).containsExactly('a', 'b');
        put("model.unk_token", "a");
        refused(HandMadeTokenizer.write(folder, json), "model.vocab", "0x00", "Ā");
    }

    @Test
    void cutAnywhereIsAnError() throws IOException {
        byte[] good = Json.writeLine(json).getBytes(StandardCharsets.UTF_8);
        Path file = folder.resolve("tokenizer.json");
        for (int length = 0; length < good.length; length += 7) {
            Files.write(file, Arrays.copyOf(good, length));
            refused(folder, "tokenizer.json", "not valid JSON", "expected", "found");
        }
    }

    @Test
    void refusesWrongLinesOfMerges() throws IOException {
        Files.writeString(folder.resolve("vocab.json"),
                Json.write(Json.object(json.get("model"), "model").get("vocab")));
        for (String line : List.of("a", " ab", "ab ", "a  b", "a b c", "a\tb", "\u0000", "xy z", "a b\na b", "b c")) {
            Files.writeString(folder.resolve("merges.txt"), "#version: 0.2\n" + line + "\n");
            refused(folder, "merges.txt", "expected", "found");
        }
        Files.write(folder.resolve("merges.txt"), new byte[] {'a', ' ', (byte) 0xff, '\n'});
        refused(folder, "merges.txt", "expected", "found");
    }

    @Test
    void refusesBrokenFilesByName() throws IOException {
        Files.writeString(folder.resolve("tokenizer.json"), "{\"model\": ");
        refused(folder, "tokenizer.json", "not valid JSON");
    }

    @Test
    void refusesMergesThatDoNotFitTheVocabulary() throws IOException {
        Files.copy(HandMadeTokenizer.BPE4096.resolve("encoder.json"), folder.resolve("vocab.json"));
        Files.copy(HandMadeTokenizer.GPT2.resolve("vocab.bpe"), folder.resolve("merges.txt"));
        refused(folder, "merges.txt", "merge ", "vocab.json", "belong together");
        Files.writeString(folder.resolve("merges.txt"), "#version: 0.2\n\u0120 t\nno\n");
        refused(folder, "merges.txt", "line 3", "found \"no\"");
    }

    @Test
    void readsMergesThatBeginWithANumberSign() throws IOException {
        Map<String, Object> vocabulary = new LinkedHashMap<>(Json.object(
                Json.object(json.get("model"), "model").get("vocab"), "vocab"));
        vocabulary.put("##", 258L);
        Files.writeString(folder.resolve("vocab.json"), Json.write(vocabulary));
        Files.writeString(folder.resolve("merges.txt"), "# #\n");
        assertThat(Tokenizer.load(folder).encode("##a")).containsExactly(258, 'a');
    }

    @Test
    void namesTheMissingFiles() throws IOException {
        assertThat(Tokenizer.existsIn(folder)).isFalse();
        refused(folder, folder.toString(), "tokenizer.json", "merges.txt", "vocab.bpe", "found none");
        Files.writeString(folder.resolve("vocab.json"), "{}");
        assertThat(Tokenizer.existsIn(folder)).isFalse();
        refused(folder, "found only vocab.json");
        Files.writeString(folder.resolve("merges.txt"), "");
        assertThat(Tokenizer.existsIn(folder)).isTrue();
        refused(folder.resolve("nowhere"), "nowhere", "no such folder");
        assertThat(Tokenizer.existsIn(folder.resolve("nowhere"))).isFalse();
    }

    @Test
    void prefersTokenizerJsonThenVocabJsonThenEncoderJson() throws IOException {
        String vocabulary = Json.write(Json.object(json.get("model"), "model").get("vocab"));
        Files.writeString(folder.resolve("encoder.json"), vocabulary);
        Files.writeString(folder.resolve("vocab.bpe"), "");
        assertThat(Tokenizer.load(folder).encode("abc")).containsExactly('a', 'b', 'c');
        Files.writeString(folder.resolve("vocab.json"), vocabulary);
        Files.writeString(folder.resolve("merges.txt"), "a b");
        assertThat(Tokenizer.load(folder).encode("abc")).containsExactly(256, 'c');
        HandMadeTokenizer.write(folder, json);
        assertThat(Tokenizer.load(folder).encode("abc")).containsExactly(257);
    }

    private void refused(Path path, String... named) {
        assertThatThrownBy(() -> Tokenizer.load(path))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContainingAll(named)
                .hasMessageNotContaining("\n");
    }

    private void put(String place, Object value) {
        Map<String, Object> map = json;
        String[] keys = place.split("\\.");
        for (int i = 0; i < keys.length - 1; i++) {
            map = Json.object(map.get(keys[i]), keys[i]);
        }
        map.put(keys[keys.length - 1], value);
    }
}
