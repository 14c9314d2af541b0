package io.github.t6j.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.ModelFormatException;
import io.github.t6j.TestData;
import io.github.t6j.json.Json;
import io.github.t6j.tokenizer.bpe.ScoredMerges;
import io.github.t6j.tokenizer.bpe.TokenizerDefinition;
import io.github.t6j.tokenizer.bpe.TokenizerDefinition.Merge;
import io.github.t6j.tokenizer.bpe.TokenizerDefinition.RankedMerges;
import io.github.t6j.tokenizer.bpe.TokenizerDefinition.ScoredTokens;
import io.github.t6j.tokenizer.split.AddedToken;
import io.github.t6j.tokenizer.split.Nfc;
import io.github.t6j.tokenizer.split.Splitters;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests tokenizers from lists of tokens, as in files of other formats. */
class TokenizerDefinitionTest {
    @TempDir
    Path folder;

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);

    @Test
    void scoresOfTheLowestRanksGiveTheIdsOfTheMerges() throws IOException {
        Map<String, Object> json = tokenizerJson("mistral-v0.1-legacy");
        List<String> tokens = tokens(json);
        Map<String, Integer> lowest = new HashMap<>();
        for (Merge merge : merges(json)) {
            lowest.putIfAbsent(merge.result(), lowest.size() + 1);
        }
        float[] scores = new float[tokens.size()];
        for (int id = 0; id < scores.length; id++) {
            scores[id] =
                    id < 3 || tokens.get(id).matches("<0x..>") ? Float.NaN : -lowest.getOrDefault(tokens.get(id), 0);
        }
        Tokenizer tokenizer = new Tokenizer(TokenizerDefinition.sentencePiece(
                "tokens", TokenizerDefinition.vocabulary("tokens", tokens), new ScoredTokens("scores", scores),
                List.of(new AddedToken("<s>", 1, true)), true));
        int plain = 0;
        for (Map<String, Object> gold : GoldTokenizer.cases("mistral-v0.1-legacy")) {
            if (gold.containsKey("text") && !gold.containsKey("special")) {
                int[] ids = TestData.ints(gold.get("ids"));
                String text = (String) gold.get("text");
                assertThat(tokenizer.encode(text)).as("%s", gold).isEqualTo(ids);
                assertThat(tokenizer.decode(ids)).as("%s", gold).isEqualTo(gold.getOrDefault("decoded", text));
                plain++;
            }
        }
        assertThat(plain).isEqualTo(4570);
        assertThat(tokenizer.encodeWithSpecialTokens("<s> a")).startsWith(1).endsWith(tokenizer.encode(" a"));
    }

    /**
     * Compares with the definition: as long as neighbours form a token, those whose token has the highest score merge.
     */
    @Test
    void highestScoresMergeFirstAndOfEqualOnesTheLeftmost() {
        for (int round = 0; round < 100; round++) {
            List<String> tokens = new ArrayList<>(byteTokens());
            tokens.addAll(List.of("\u2581", "a", "b", "c"));
            for (int i = 0; i < 40; i++) {
                String token = tokens.get(256 + random.nextInt(tokens.size() - 256))
                        + tokens.get(256 + random.nextInt(tokens.size() - 256));
                if (!tokens.contains(token) && token.length() < 9) {
                    tokens.add(token);
                }
            }
            float[] scores = new float[tokens.size()];
            for (int id = 0; id < scores.length; id++) {
                scores[id] = id < 256 ? Float.NaN : random.nextInt(8) - 4;
            }
            boolean addSpace = random.nextBoolean();
            Tokenizer tokenizer = new Tokenizer(TokenizerDefinition.sentencePiece(
                    "tokens", TokenizerDefinition.vocabulary("tokens", tokens), new ScoredTokens("scores", scores),
                    List.of(), addSpace));
            for (int length : new int[] {1, 2, 5, 20, 127, 128, 129, 300}) {
                String text = letters(length);
                String marked = (addSpace ? "\u2581" : "") + text.replace(' ', '\u2581');
                assertThat(tokenizer.encode(text))
                        .as("seed %d: %s %s %s", seed, text, tokens.subList(256, tokens.size()),
                                Arrays.toString(scores))
                        .containsExactly(merged(marked, tokens, scores));
            }
        }
    }

    private static int[] merged(String text, List<String> tokens, float[] scores) {
        List<String> symbols = new ArrayList<>(List.of(text.split("")));
        while (true) {
            int best = -1;
            float highest = Float.NEGATIVE_INFINITY;
            for (int i = 0; i + 1 < symbols.size(); i++) {
                int id = tokens.indexOf(symbols.get(i) + symbols.get(i + 1));
                if (id >= 0 && scores[id] > highest) {
                    highest = scores[id];
                    best = i;
                }
            }
            if (best < 0) {
                return symbols.stream().mapToInt(tokens::indexOf).toArray();
            }
            symbols.set(best, symbols.get(best) + symbols.remove(best + 1));
        }
    }

    private String letters(int length) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.append("abc ".charAt(random.nextInt(4)));
        }
        return text.toString();
    }

    private static List<String> byteTokens() {
        List<String> tokens = new ArrayList<>();
        for (int b = 0; b < 256; b++) {
            tokens.add("<0x%02X>".formatted(b));
        }
        return tokens;
    }

    @Test
    void addsASpaceBeforeTheTextAndAfterEachAddedToken() {
        List<String> tokens = new ArrayList<>(byteTokens());
        tokens.addAll(List.of("\u2581", "a", "<s>"));
        for (boolean addSpace : new boolean[] {true, false}) {
            Tokenizer tokenizer = new Tokenizer(TokenizerDefinition.sentencePiece(
                    "tokens", TokenizerDefinition.vocabulary("tokens", tokens),
                    new ScoredTokens("scores", new float[259]),
                    List.of(new AddedToken("<s>", 258, true)), addSpace));
            int[] ids = tokenizer.encodeWithSpecialTokens("a<s> a<s>é");
            if (addSpace) {
                assertThat(ids).containsExactly(256, 257, 258, 256, 256, 257, 258, 256, 0xC3, 0xA9);
                assertThat(tokenizer.decode(256, 257, 256)).isEqualTo("a ");
            } else {
                assertThat(ids).containsExactly(257, 258, 256, 257, 258, 0xC3, 0xA9);
                assertThat(tokenizer.decode(256, 257, 256)).isEqualTo(" a ");
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "smollm2, smollm, false", "qwen3, qwen2, false", "tekken-small, tekken, true", "llama3-small, llama3, true"})
    void splittersAreFoundByName(String name, String splitters, boolean ignoreMerges) throws IOException {
        Map<String, Object> json = tokenizerJson(name);
        Tokenizer loaded = Tokenizer.load(GoldTokenizer.unpack(name, folder));
        Tokenizer made = new Tokenizer(TokenizerDefinition.byteLevel(
                "tokens", TokenizerDefinition.vocabulary("tokens", tokens(json)),
                new RankedMerges("merges", merges(json)),
                List.of(), List.of(), Splitters.named(splitters), ignoreMerges));
        for (Map<String, Object> gold : GoldTokenizer.cases(name)) {
            // without NFC, and without added tokens other than special ones
            if (gold.get("text") instanceof String text && Nfc.normalize(text).equals(text) && !text.contains("<")) {
                assertThat(made.encode(text)).as("%s", gold).isEqualTo(loaded.encode(text));
            }
        }
    }

    @Test
    void refusesInconsistentParts() {
        assertThatThrownBy(() -> TokenizerDefinition.vocabulary("tokens", List.of("a", "b", "a")))
                .isInstanceOf(ModelFormatException.class)
                .hasMessage("tokens: duplicate token \"a\" with ids 0 and 2");
        Map<String, Integer> bytes = TokenizerDefinition.vocabulary("tokens", byteTokens());
        refused(bytes, new float[255], "scores: expected a score for each token, found 255, and none for \"<0xFF>\"");
        Map<String, Integer> fewer = new HashMap<>(bytes);
        fewer.remove("<0x41>");
        refused(fewer, new float[256], "tokens: expected a token for each of the 256 bytes", "none for <0x41>");
        Map<String, Integer> longer = new HashMap<>(bytes);
        longer.put("a".repeat(ScoredMerges.LONGEST + 1), 256);
        refused(longer, new float[257], "tokens: expected tokens of at most 256 characters, found 257 with id 256");
    }

    private static void refused(Map<String, Integer> vocabulary, float[] scores, String... named) {
        assertThatThrownBy(() -> new Tokenizer(TokenizerDefinition.sentencePiece(
                "tokens", vocabulary, new ScoredTokens("scores", scores), List.of(), true)))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContainingAll(named);
    }

    private Map<String, Object> tokenizerJson(String name) throws IOException {
        return TestData.json(GoldTokenizer.unpack(name, folder).resolve("tokenizer.json"));
    }

    /** Returns tokens by id; added tokens that are not in the vocabulary come last. */
    private static List<String> tokens(Map<String, Object> json) {
        TreeMap<Long, String> byId = new TreeMap<>();
        Json.object(Json.object(json.get("model"), "model").get("vocab"), "vocab")
                .forEach((token, id) -> byId.put((Long) id, token));
        assertThat(byId.lastKey()).isEqualTo(byId.size() - 1L);
        return List.copyOf(byId.values());
    }

    private static List<Merge> merges(Map<String, Object> json) {
        List<Merge> merges = new ArrayList<>();
        for (Object merge : Json.array(Json.object(json.get("model"), "model").get("merges"), "merges")) {
            List<?> pair = merge instanceof String line ? List.of(line.split(" ")) : Json.array(merge, "merge");
            merges.add(new Merge((String) pair.get(0), (String) pair.get(1)));
        }
        return merges;
    }
}
