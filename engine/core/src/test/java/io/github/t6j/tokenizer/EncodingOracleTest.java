package io.github.t6j.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.fail;

import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.Encoding;
import com.knuddels.jtokkit.api.EncodingType;
import io.github.t6j.TestData;
import io.github.t6j.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compares with jtokkit and with {@link ReferenceBpe}. */
class EncodingOracleTest {
    private static final Tokenizer GPT2 = Tokenizer.load(HandMadeTokenizer.GPT2);
    private static final Encoding JTOKKIT =
            Encodings.newDefaultEncodingRegistry().getEncoding(EncodingType.R50K_BASE);
    private static final int MILLION = 1_000_000;

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);

    @TempDir
    Path folder;

    @Tag("full")
    @Test
    void agreesWithJtokkitOnEveryCodePoint() {
        for (int codePoint = 0; codePoint <= Character.MAX_CODE_POINT; codePoint++) {
            if (codePoint < Character.MIN_SURROGATE || codePoint > Character.MAX_SURROGATE) {
                String c = Character.toString(codePoint);
                agreeWithJtokkit(c);
                agreeWithJtokkit("a" + c + "b " + c + "1" + c + c + " ");
            }
        }
    }

    @Test
    void agreesWithJtokkitOnEnglish() throws IOException {
        agreeWithJtokkit(HandMadeTokenizer.testText());
    }

    @Test
    void encodesMillionsOfCharactersWithoutABoundary() {
        int[] fourLetters = GPT2.encode("aaaa");
        assertThat(fourLetters).hasSize(1);
        assertThat(GPT2.encode("a".repeat(MILLION))).hasSize(MILLION / 4).containsOnly(fourLetters[0]);
        assertThat(GPT2.encode(" ".repeat(MILLION))).hasSize(MILLION).containsOnly(220);
        agreeWithJtokkit(letters(MILLION, 26));
    }

    private void agreeWithJtokkit(String text) {
        int[] expected = JTOKKIT.encodeOrdinary(text).toArray();
        if (!Arrays.equals(GPT2.encode(text), expected)) {
            String shown = text.substring(0, Math.min(text.length(), 40));
            fail("seed " + seed + ", text of " + text.length() + " characters: \"" + shown + "\", first "
                    + text.codePoints().limit(2).mapToObj(Integer::toHexString).toList() + ": ids differ at "
                    + Arrays.mismatch(GPT2.encode(text), expected));
        }
    }

    @Test
    void agreesWithTheReferenceOnRandomText() throws IOException {
        List<String> merges = Files.readAllLines(HandMadeTokenizer.GPT2.resolve("vocab.bpe"));
        ReferenceBpe reference = new ReferenceBpe(
                TestData.json(HandMadeTokenizer.GPT2.resolve("encoder.json")), merges.subList(1, merges.size()));
        for (int length : new int[] {0, 1, 2, 3, 127, 128, 129, 130, 500, 2000}) {
            agree(GPT2, reference, "a".repeat(length));
            agree(GPT2, reference, " ".repeat(length));
            agree(GPT2, reference, letters(length, 3));
            agree(GPT2, reference, letters(length, 26));
        }
        for (int i = 0; i < 2000; i++) {
            agree(GPT2, reference, mixture(random.nextInt(60)));
        }
    }

    /** Uses merges that training would never produce: a later one may take a token that an earlier one needs. */
    @Test
    void agreesWithTheReferenceOnAnyOrderOfMerges() throws IOException {
        for (int i = 0; i < 60; i++) {
            List<String> merges = randomMerges();
            Collections.shuffle(merges, random);
            Map<String, Object> json = HandMadeTokenizer.tokenizerJson(merges);
            Tokenizer tokenizer = Tokenizer.load(HandMadeTokenizer.write(folder, json));
            Object vocabulary = Json.object(json.get("model"), "model").get("vocab");
            ReferenceBpe reference = new ReferenceBpe(Json.object(vocabulary, "vocab"), merges);
            for (int length = 1; length < 300; length = 2 * length + random.nextInt(2)) {
                agree(tokenizer, reference, letters(length, 3));
            }
        }
    }

    private List<String> randomMerges() {
        List<String> tokens = new ArrayList<>(List.of("a", "b", "c"));
        List<String> merges = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            String left = tokens.get(random.nextInt(tokens.size()));
            String right = tokens.get(random.nextInt(tokens.size()));
            if (!merges.contains(left + " " + right) && left.length() + right.length() < 12) {
                merges.add(left + " " + right);
                tokens.add(left + right);
            }
        }
        return merges;
    }

    private void agree(Tokenizer tokenizer, ReferenceBpe reference, String text) {
        assertThat(tokenizer.encode(text)).as("seed %d: \"%s\"", seed, text).isEqualTo(reference.encode(text));
    }

    private String letters(int length, int alphabet) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.append((char) ('a' + random.nextInt(alphabet)));
        }
        return text.toString();
    }

    private String mixture(int length) {
        String often = " \n\t'stremlvd\u00A0\u2003\u0085éß中\u0301٣½😀𝒜_.,!10  ";
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            int codePoint = often.codePointAt(often.offsetByCodePoints(0,
                    random.nextInt(often.codePointCount(0, often.length()))));
            text.appendCodePoint(random.nextInt(20) > 0 ? codePoint : random.nextInt(0xD800));
        }
        return text.toString();
    }
}
