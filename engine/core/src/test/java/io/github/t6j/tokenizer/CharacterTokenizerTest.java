package io.github.t6j.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.ModelFormatException;
import io.github.t6j.json.Json;
import io.github.t6j.tokenizer.split.Metaspace;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests tokenizer.json files whose symbols are characters: refused files, and features that no golden file has. */
class CharacterTokenizerTest {
    private static final String DECODER = """
            {"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
             {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}""";

    @TempDir
    Path folder;

    private final Map<String, Object> vocabulary = new LinkedHashMap<>();
    private final Map<String, Object> model = new LinkedHashMap<>();
    private final Map<String, Object> json = new LinkedHashMap<>();

    CharacterTokenizerTest() {
        for (int b = 0; b < 256; b++) {
            vocabulary.put("<0x%02X>".formatted(b), (long) b);
        }
        for (String token : List.of("▁", "a", "b", "▁a", "ab", "▁▁")) {
            vocabulary.put(token, (long) vocabulary.size());
        }
        model.put("type", "BPE");
        model.put("byte_fallback", true);
        model.put("vocab", vocabulary);
        model.put("merges", new ArrayList<Object>(List.of("▁ ▁", "▁ a", "a b")));
        json.put("model", model);
        json.put("pre_tokenizer", parse("{\"type\": \"Metaspace\", \"replacement\": \"▁\", \"split\": false}"));
        json.put("decoder", parse(DECODER));
    }

    @Test
    void readsTheUnmodifiedFile() throws IOException {
        Tokenizer tokenizer = Tokenizer.load(HandMadeTokenizer.write(folder, json));
        assertThat(tokenizer.encode("a  abé")).containsExactly(259, 261, 260, 0xC3, 0xA9);
        assertThat(tokenizer.decode(259, 261, 260, 0xC3, 0xA9)).isEqualTo("a  abé");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "decoder | null | decoder: expected a JSON object, found null",
        "decoder | {\"type\": \"ByteLevel\"} | decoder.type: expected Metaspace, found ByteLevel",
        "decoder | {\"type\": \"CTC\"} | decoder.type: found CTC",
        "decoder | {\"type\": \"BPEDecoder\"} | decoder.type: found BPEDecoder",
        "decoder | {\"type\": \"Sequence\", \"decoders\": [{\"type\": \"Fuse\"}, {\"type\": \"ByteFallback\"}]} | decoder.decoders[1].type: found ByteFallback",
        "decoder | {\"type\": \"Sequence\", \"decoders\": [{\"type\": \"Fuse\"}, {\"type\": \"WordPiece\"}]} | decoder.decoders[1].type: found WordPiece",
        "decoder | {\"type\": \"Sequence\", \"decoders\": [{\"type\": \"ByteFallback\"}, {\"type\": \"Strip\", \"content\": \" \", \"start\": 1, \"stop\": 0}]} | decoder.decoders[1].type: expected Fuse before Strip",
        "decoder | {\"type\": \"Sequence\", \"decoders\": [{\"type\": \"Fuse\"}, {\"type\": \"Strip\", \"content\": \" \", \"start\": 2, \"stop\": 0}]} | decoder.decoders[1].start: expected 1, found 2",
        "decoder | {\"type\": \"Sequence\", \"decoders\": [{\"type\": \"Fuse\"}, {\"type\": \"Strip\", \"content\": \" \", \"start\": 0, \"stop\": 1}]} | decoder.decoders[1].stop: expected 0, found 1",
        "decoder | {\"type\": \"Sequence\", \"decoders\": [{\"type\": \"Fuse\"}, {\"type\": \"Strip\", \"content\": \"_\", \"start\": 1, \"stop\": 0}]} | decoder.decoders[1].content: found _",
        "decoder | {\"type\": \"Sequence\", \"decoders\": [{\"type\": \"Fuse\"}, {\"type\": \"Replace\", \"pattern\": {\"String\": \"_\"}, \"content\": \" \"}]} | decoder.decoders[1].type: found Replace",
        "decoder | {\"type\": \"Replace\", \"pattern\": {\"String\": \"_\"}, \"content\": \" \"} | decoder.pattern.String: expected ▁, found _",
        "pre_tokenizer | {\"type\": \"ByteLevel\", \"add_prefix_space\": false} | model.byte_fallback: expected false, found true",
        "pre_tokenizer | {\"type\": \"WhitespaceSplit\"} | pre_tokenizer.type: found WhitespaceSplit",
    })
    void refusesByName(String place, String value, String named) throws IOException {
        json.put(place, parse(value));
        refused(named.split(" "));
    }

    /** As in Gemma 2; and a byte without a token, whose characters are dropped. */
    @Test
    void aByteMayHaveNoToken() throws IOException {
        vocabulary.remove("<0x09>");
        vocabulary.put("\t", 9L);
        Tokenizer tokenizer = Tokenizer.load(HandMadeTokenizer.write(folder, json));
        assertThat(tokenizer.encode("\ta\u00e9")).containsExactly(256, 9, 257, 0xC3, 0xA9);
        assertThat(tokenizer.decode(257, 9, 257)).isEqualTo("a\ta");
        vocabulary.remove("<0xC3>");
        assertThat(Tokenizer.load(HandMadeTokenizer.write(folder, json)).encode("a\u00e9b"))
                .containsExactly(259, 258);
    }

    @Test
    void refusesAnUnknownTokenThatIsMissing() throws IOException {
        model.put("unk_token", "<unk>");
        refused("model.vocab", "unk_token", "\"<unk>\"");
    }

    @Test
    void refusesTooManyParts() throws IOException {
        String nfc = "{\"type\": \"NFC\"}";
        String digits = "{\"type\": \"Digits\"}";
        json.put("normalizer",
                parse("{\"type\": \"Sequence\", \"normalizers\": [" + (nfc + ",").repeat(16) + nfc + "]}"));
        refused("normalizer.normalizers[16].type: expected at most 16", "found NFC");
        json.put("normalizer", null);
        json.put("pre_tokenizer",
                parse("{\"type\": \"Sequence\", \"pretokenizers\": [" + (digits + ",").repeat(100_000) + digits
                        + "]}"));
        refused("pre_tokenizer.pretokenizers[16].type: expected at most 16", "found Digits");
    }

    /** Two levels that would turn one character into 5000. */
    @Test
    void refusesNormalizersThatFillTheMemory() throws IOException {
        String replace = "{\"type\": \"Replace\", \"pattern\": {\"String\": \"a\"}, \"content\": \"%s\"}";
        String twice = "{\"type\": \"Sequence\", \"normalizers\": [%s, %s]}";
        String ten = replace.formatted("a".repeat(10));
        json.put("normalizer", parse(ten));
        assertThat(Tokenizer.load(HandMadeTokenizer.write(folder, json)).decode(257)).isEqualTo("a");
        json.put("normalizer", parse(twice.formatted(ten, ten)));
        refused("normalizer.normalizers[1]", "at most 64 times", "found 100");
    }

    /** White space between added tokens is read once, not once for each token in it. */
    @Test
    @Timeout(60)
    void tokensThatShareWhiteSpaceTakeNoLonger() throws IOException {
        json.put("added_tokens", parse("""
                [{"id": 262, "content": " ", "rstrip": true, "lstrip": true, "special": true},
                 {"id": 263, "content": "x", "rstrip": true, "lstrip": true, "special": true}]"""));
        Tokenizer tokenizer = Tokenizer.load(HandMadeTokenizer.write(folder, json));
        int[] ids = tokenizer.encodeWithSpecialTokens(" ".repeat(1_000_000) + "x");
        assertThat(ids).hasSize(1_000_001).endsWith(263);
        assertThat(tokenizer.encodeWithSpecialTokens("a\n\n x\n\na")).containsExactly(259, 262, 263, 259);
    }

    private void refused(String... named) throws IOException {
        Path file = HandMadeTokenizer.write(folder, json);
        assertThatThrownBy(() -> Tokenizer.load(file))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("tokenizer.json: ")
                .hasMessageContainingAll(named)
                .hasMessageNotContaining("\n");
    }

    private static Object parse(String text) {
        return Json.parse(text.getBytes(StandardCharsets.UTF_8), "text");
    }
}
