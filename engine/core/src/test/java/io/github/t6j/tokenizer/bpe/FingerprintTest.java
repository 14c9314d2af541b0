package io.github.t6j.tokenizer.bpe;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.TestData;
import io.github.t6j.json.Json;
import io.github.t6j.tokenizer.GoldTokenizer;
import io.github.t6j.tokenizer.HandMadeTokenizer;
import io.github.t6j.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FingerprintTest {
    @TempDir
    private Path folder;

    @Test
    void equalTokenizersHaveEqualFingerprints() {
        Path bundled = TestData.path("tokenizers/bpe4096");
        String fingerprint = Tokenizer.load(bundled).fingerprint();
        assertThat(fingerprint).matches("[0-9a-f]{64}");
        assertThat(Tokenizer.load(bundled.resolve("tokenizer.json")).fingerprint()).isEqualTo(fingerprint);
        assertThat(Tokenizer.load(TestData.tiny()).fingerprint()).isEqualTo(fingerprint);
    }

    @Test
    void differentTokenizersHaveDifferentFingerprints() throws IOException {
        Map<String, String> seen = new HashMap<>();
        seen.put(Tokenizer.gpt2().fingerprint(), "gpt2");
        seen.put(Tokenizer.load(TestData.tiny()).fingerprint(), "bpe4096");
        for (String name : List.of("mistral-v0.1", "mistral-v0.1-legacy", "llama3-small")) {
            String fingerprint = Tokenizer.load(GoldTokenizer.unpack(name, folder)).fingerprint();
            assertThat(seen.put(fingerprint, name)).as(name).isNull();
        }
    }

    /** Changes one of each part: order of merges, splitters, normalizers, added tokens. */
    @Test
    void eachPartAffectsTheFingerprint() throws IOException {
        List<String> merges = List.of("t h", "th e", "h e", "1 2");
        String plain = fingerprint(HandMadeTokenizer.tokenizerJson(merges));
        assertThat(fingerprint(HandMadeTokenizer.tokenizerJson(merges))).isEqualTo(plain);

        Map<String, Object> order = HandMadeTokenizer.tokenizerJson(merges);
        Collections.swap(Json.array(Json.object(order.get("model"), "model").get("merges"), "merges"), 0, 2);
        Map<String, Object> splitter = HandMadeTokenizer.tokenizerJson(merges);
        splitter.put("pre_tokenizer", Map.of("type", "Sequence", "pretokenizers", List.of(
                Map.of("type", "Digits", "individual_digits", true), HandMadeTokenizer.byteLevel())));
        Map<String, Object> normalizer = HandMadeTokenizer.tokenizerJson(merges);
        normalizer.put("normalizer", Map.of("type", "NFC"));
        Map<String, Object> added = HandMadeTokenizer.tokenizerJson(merges);
        HandMadeTokenizer.add(added, "<x>", 260, false);
        Map<String, Object> special = HandMadeTokenizer.tokenizerJson(merges);
        HandMadeTokenizer.add(special, "<x>", 260, true);

        assertThat(List.of(plain, fingerprint(order), fingerprint(splitter), fingerprint(normalizer),
                fingerprint(added), fingerprint(special))).doesNotHaveDuplicates();
    }

    private String fingerprint(Map<String, Object> json) throws IOException {
        return Tokenizer.load(HandMadeTokenizer.write(folder, json)).fingerprint();
    }
}
