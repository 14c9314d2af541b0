package io.github.t6j.training.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import io.github.t6j.TestData;
import io.github.t6j.json.Json;
import io.github.t6j.tokenizer.HandMadeTokenizer;
import io.github.t6j.tokenizer.ReferenceBpe;
import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.training.tokenizer.TokenizerTrainer.Trained;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenizerTrainerTest {
    /** Parts of texts, without letters that only newer Unicode versions have. */
    private static final List<String> PARTS =
            List.of("a", "aa", "aaa", "ab", "ba", "abab", " ", "  ", "\n", "the", " the",
                    " whale", "'s", "'ll", "don't", "12", "3", "...", "!?", "caf\u00e9", "\u4f60\u597d", "\ud83d\ude00",
                    "e\u0301",
                    "\u00a0", "\0", "<|endoftext|>");

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);

    @TempDir
    private Path folder;

    private String randomText(int parts) {
        StringBuilder text = new StringBuilder();
        int different = 1 + random.nextInt(PARTS.size());
        for (int i = 0; i < parts; i++) {
            text.append(PARTS.get(random.nextInt(different)));
            if (random.nextInt(20) == 0) {
                text.append((char) ('!' + random.nextInt(0x300)));
            }
        }
        return text.toString();
    }

    private static Trained train(List<String> texts, int vocabulary) {
        TokenizerTrainer trainer = new TokenizerTrainer();
        texts.forEach(trainer::add);
        return trainer.train(vocabulary, share -> assertThat(share).isBetween(0.0, 1.0));
    }

    private static Map<String, Object> json(Trained trained) {
        return Json.parseObject(trained.json().getBytes(StandardCharsets.UTF_8), "tokenizer.json");
    }

    private static List<Object> merges(Trained trained) {
        return Json.array(Json.object(json(trained).get("model"), "model").get("merges"), "merges");
    }

    private Tokenizer load(Trained trained) throws IOException {
        return Tokenizer.load(Files.writeString(folder.resolve("tokenizer.json"), trained.json()));
    }

    @Test
    void mergesEqualTheNaiveTrainers() {
        for (int round = 0; round < 200; round++) {
            List<String> texts = new ArrayList<>();
            NaiveBpeTrainer naive = new NaiveBpeTrainer();
            for (int i = random.nextInt(4); i >= 0; i--) {
                texts.add(randomText(random.nextInt(200)));
            }
            texts.forEach(naive::add);
            int vocabulary = TokenizerTrainer.SMALLEST + random.nextInt(80);

            Trained trained = train(texts, vocabulary);

            List<String> expected = naive.merges(vocabulary - TokenizerTrainer.SMALLEST);
            assertThat(merges(trained)).as("seed %d, round %d: %s", seed, round, texts).isEqualTo(expected);
            assertThat(trained.size()).isEqualTo(TokenizerTrainer.SMALLEST + expected.size());
        }
    }

    /** Trains on runs of few letters: pairs overlap, and many are equally frequent. */
    @Test
    void mergesOfRunsEqualTheNaiveTrainers() {
        for (int round = 0; round < 200; round++) {
            StringBuilder text = new StringBuilder();
            for (int i = random.nextInt(60); i >= 0; i--) {
                text.append(String.valueOf((char) ('a' + random.nextInt(2))).repeat(1 + random.nextInt(9)));
                text.append(random.nextInt(4) == 0 ? " " : "");
            }
            NaiveBpeTrainer naive = new NaiveBpeTrainer();
            naive.add(text.toString());
            assertThat(merges(train(List.of(text.toString()), 330))).as("seed %d: %s", seed, text)
                    .isEqualTo(naive.merges(330 - TokenizerTrainer.SMALLEST));
        }
    }

    /**
     * GPT-2 splits a space together with the word after it; among equally frequent pairs the smaller ids merge first.
     */
    @Test
    void mergesByHand() {
        // bc and cd occur 4 times each, and b's id is below c's
        assertThat(merges(train(List.of("bcd bcd bcd bcd"), 300))).containsExactly("b c", "bc d", "\u0120 bcd");
        assertThat(merges(train(List.of("xy"), 300))).isEmpty();
        assertThat(merges(train(List.of("x", "y", ""), 300))).isEmpty();
    }

    @Test
    void theFormEqualsTheBundledTokenizers() {
        Map<String, Object> bundled = TestData.json("tokenizers/bpe4096/tokenizer.json");
        Map<String, Object> made = json(train(List.of("the the the"), 300));
        Map<String, Object> bundledModel = Json.object(bundled.remove("model"), "model");
        Map<String, Object> model = Json.object(made.remove("model"), "model");
        Json.object(Json.array(bundled.get("added_tokens"), "added").getFirst(), "token").put("id", 259L);
        assertThat(made).isEqualTo(bundled);
        Map<String, Object> bundledVocabulary = Json.object(bundledModel.remove("vocab"), "vocab");
        Map<String, Object> vocabulary = Json.object(model.remove("vocab"), "vocab");
        bundledModel.remove("merges");
        model.remove("merges");
        assertThat(model).isEqualTo(bundledModel);
        assertThat(vocabulary).containsEntry("<|endoftext|>", 259L).hasSize(260);
        for (int b = 0; b < 256; b++) {
            String token = ReferenceBpe.character(b);
            assertThat(vocabulary.get(token)).isEqualTo(bundledVocabulary.get(token));
        }
    }

    @Test
    void huggingFacesLibraryGivesTheSameIds() throws IOException {
        String book = HandMadeTokenizer.testText();
        Trained trained = train(List.of(book.substring(0, 200_000), randomText(500)), 1500);
        assertThat(trained.size()).isEqualTo(1500);
        Tokenizer tokenizer = load(trained);
        assertThat(tokenizer.size()).isEqualTo(1500);
        assertThat(tokenizer.endOfText()).isEqualTo(1499);
        try (HuggingFaceTokenizer library = HuggingFaceTokenizer.newInstance(folder.resolve("tokenizer.json"))) {
            for (int i = 0; i < 500; i++) {
                int at = random.nextInt(book.length() - 500);
                String text = randomText(random.nextInt(20)) + book.substring(at, at + random.nextInt(500));
                int[] ids = Arrays.stream(library.encode(text, false, false).getIds()).mapToInt(Math::toIntExact)
                        .toArray();
                assertThat(tokenizer.encodeWithSpecialTokens(text)).as("seed %d: %s", seed, text).isEqualTo(ids);
                assertThat(tokenizer.decode(tokenizer.encode(text))).isEqualTo(text);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 256, TokenizerTrainer.LARGEST + 1})
    void aVocabularyOutOfRangeIsAnError(int vocabulary) {
        assertThatThrownBy(() -> train(List.of("the the"), vocabulary)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("vocabulary: expected 257 to 1048576, found " + vocabulary);
    }

    @Test
    void theSmallestVocabularyHasOneMerge() {
        assertThat(train(List.of("the the"), 257).size()).isEqualTo(257);
    }

    @Test
    void anInterruptEndsTraining() {
        Thread.currentThread().interrupt();
        try {
            assertThatThrownBy(() -> train(List.of("the the"), 300)).isInstanceOf(CancellationException.class);
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    /** Training takes time linear in the text for each merge, for any text. */
    @Test
    void oneLongPieceIsTrained() {
        StringBuilder letters = new StringBuilder();
        for (int i = 0; i < 200_000; i++) {
            letters.append("acgt".charAt(random.nextInt(4)));
        }
        assertThat(train(List.of(letters.toString(), "a".repeat(1 << 20)), 1000).size()).isEqualTo(1000);
    }
}
