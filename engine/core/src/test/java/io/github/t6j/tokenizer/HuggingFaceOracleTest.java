package io.github.t6j.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import io.github.t6j.TestData;
import io.github.t6j.json.Json;
import io.github.t6j.tokenizer.split.SplittersTest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares random texts with Hugging Face's tokenizers library itself, in Rust. */
class HuggingFaceOracleTest {
    /**
     * Variants that differ: t6j refuses add_prefix_space, and the library decodes an added token of letters to broken
     * bytes.
     */
    private static final Set<String> OTHERWISE = Set.of("bytelevel-prefix-space", "added-non-ascii");

    /** Parts of texts, without marks or letters newer than the library's tables. */
    private static final List<String> PARTS = List.of(
            " ", " ", " ", "  ", "\n", "\n\n", "\r\n", "\t", "\u00A0", "\u3000", "the", " whale", "Hello", " world",
            "ab", "x",
            "A", "É", "e\u0301", "\u0301\u0323", "Å", "ﬁ", "ſ", "'s", "'T", "'ll", "'ſ", "'", "don't", "1", "23",
            "4567",
            "½", "Ⅷ", "٣", ".", "...", "!?", "/", "//\n", "\u2581", "\u2581\u2581", "中", "日本", "한", "й", "ß", "ʰ", "😀",
            "👍🏽",
            "𝒜", "\u200D", "\0", "\u0004", "\u007F", "\uFFFD", "<", "<s", "<|", "[INST", "<0x41>", "def f(x):\n    ",
            "ABCdef",
            "aaaaaaaa", "        ");

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {
        "smollm2", "qwen3", "mistral-v0.1", "mistral-v0.1-legacy", "mistral-v0.3", "tekken-small", "llama3-small"})
    void agreesOnRandomText(String name) throws IOException {
        agree(GoldTokenizer.unpack(name, folder).resolve("tokenizer.json"), name, 1500);
    }

    @Test
    void agreesOnRandomTextWithEachOption() throws IOException {
        for (Map<String, Object> variant : GoldTokenizer.variants()) {
            String name = (String) variant.get("name");
            if (!OTHERWISE.contains(name)) {
                agree(HandMadeTokenizer.write(folder, Json.object(variant.get("tokenizer"), name)), name, 500);
            }
        }
    }

    /** The expressions of Phi-4 and Phi-4-mini, from a tokenizer.json and by their names in GGUF files. */
    @ParameterizedTest
    @ValueSource(strings = {"dbrx", "gpt-4o"})
    void agreesOnRandomTextWithTheExpressionsOfPhi4(String pre) throws IOException {
        Map<String, Object> json =
                TestData.json(GoldTokenizer.unpack("llama3-small", folder).resolve("tokenizer.json"));
        Map<String, Object> split = Json.object(Json.array(Json.object(json.get("pre_tokenizer"), "pre_tokenizer")
                .get("pretokenizers"), "pretokenizers").getFirst(), "Split");
        split.put("pattern", Map.of("Regex", pre.equals("dbrx") ? SplittersTest.LLAMA3 : SplittersTest.O200K));
        Json.object(json.get("model"), "model").put("ignore_merges", false);
        Path file = HandMadeTokenizer.write(folder, json);
        agree(file, pre, 1500);
        Tokenizer gguf = Tokenizer.ofGguf(GgufKeys.byteLevel(folder, pre), pre).orElseThrow();
        assertThat(gguf.beginningOfText()).isEqualTo(-1);
        try (HuggingFaceTokenizer library = HuggingFaceTokenizer.newInstance(file)) {
            for (int i = 0; i < 1500; i++) {
                String text = randomText(PARTS);
                assertThat(gguf.encode(text)).as("seed %d: %s: \"%s\"", seed, pre, text)
                        .isEqualTo(ints(library.encode(text, false, false).getIds()));
            }
        }
    }

    /** The first is Gemma 2's; the others also have characters without symbols, next to those with tokens of bytes. */
    @ParameterizedTest
    @CsvSource({"<0x09>, '\t', true", "<0xC3>, none1, true", "<0xC3>, none2, false", "<0x41>, none3, true"})
    void agreesOnRandomTextIfAByteHasNoToken(String token, String instead, boolean fuses) throws IOException {
        Map<String, Object> json =
                TestData.json(GoldTokenizer.unpack("mistral-v0.1", folder).resolve("tokenizer.json"));
        Map<String, Object> model = Json.object(json.get("model"), "model");
        model.put("fuse_unk", fuses);
        Map<String, Object> vocabulary = Json.object(model.get("vocab"), "vocab");
        vocabulary.put(instead, vocabulary.remove(token));
        if (token.equals("<0x41>")) {
            vocabulary.put("none4", vocabulary.remove("A"));
            model.put("merges", Json.array(model.get("merges"), "merges").stream()
                    .filter(merge -> !((String) merge).contains("A")).toList());
        }
        agree(HandMadeTokenizer.write(folder, json), token, 1500);
    }

    /** As in Phi-4-mini: later added tokens have ids after a known one beyond the number of tokens. */
    @Test
    void agreesOnTheIdsOfAddedTokensAfterAGap() throws IOException {
        Map<String, Object> json =
                TestData.json(GoldTokenizer.unpack("smollm2", folder).resolve("tokenizer.json"));
        Json.object(Json.object(json.get("model"), "model").get("vocab"), "vocab").put("<known>", 60000L);
        long id = 60000;
        for (String content : List.of("<known>", "<next>", "<last>")) {
            Json.array(json.get("added_tokens"), "added_tokens").add(Map.of("id", id++, "content", content, "special",
                    true, "single_word", false, "lstrip", false, "rstrip", false, "normalized", false));
        }
        Path file = HandMadeTokenizer.write(folder, json);
        try (HuggingFaceTokenizer library = HuggingFaceTokenizer.newInstance(file)) {
            String text = "<last><known><next>";
            assertThat(ints(library.encode(text, false, false).getIds())).containsExactly(60002, 60000, 60001);
            assertThat(Tokenizer.load(file).encodeWithSpecialTokens(text)).containsExactly(60002, 60000, 60001);
        }
    }

    private void agree(Path file, String name, int rounds) throws IOException {
        Tokenizer tokenizer = Tokenizer.load(file);
        List<String> parts = new ArrayList<>(PARTS);
        for (int id = 0; id < tokenizer.size() && parts.size() < 2 * PARTS.size(); id++) {
            if (tokenizer.isSpecial(id)) {
                parts.add(tokenizer.decode(id));
            }
        }
        try (HuggingFaceTokenizer library = HuggingFaceTokenizer.newInstance(file)) {
            for (int i = 0; i < rounds; i++) {
                String text = randomText(parts);
                String round = "seed %d: %s: \"%s\"".formatted(seed, name, text);
                int[] ids = ints(library.encode(text, false, false).getIds());
                assertThat(tokenizer.encodeWithSpecialTokens(text)).as(round).isEqualTo(ids);
                if (tokenizer.beginningOfText() >= 0) {
                    long[] post = library.encode(text, true, false).getIds();
                    assertThat(post[0]).as(round).isEqualTo(tokenizer.beginningOfText());
                }
                int[] shuffled = shuffled(ids);
                for (int[] tokens : List.of(ids, shuffled)) {
                    assertThat(tokenizer.decode(tokens)).as(round).isEqualTo(library.decode(longs(tokens), false));
                    assertThat(tokenizer.decode(GoldTokenizer.withoutSpecial(tokenizer, tokens)))
                            .as(round)
                            .isEqualTo(library.decode(longs(tokens), true));
                }
            }
        }
    }

    private String randomText(List<String> parts) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(14); i >= 0; i--) {
            text.append(parts.get(random.nextInt(parts.size())));
            if (random.nextInt(8) == 0) {
                text.append((char) ('!' + random.nextInt(0x500)));
            }
        }
        return text.toString();
    }

    /** Shuffles ids and cuts them off, so that texts also end inside characters. */
    private int[] shuffled(int[] ids) {
        return random.ints(ids.length, 0, Math.max(1, ids.length)).map(i -> ids[i]).toArray();
    }

    private static int[] ints(long[] ids) {
        return Arrays.stream(ids).mapToInt(Math::toIntExact).toArray();
    }

    private static long[] longs(int[] ids) {
        return Arrays.stream(ids).asLongStream().toArray();
    }
}
