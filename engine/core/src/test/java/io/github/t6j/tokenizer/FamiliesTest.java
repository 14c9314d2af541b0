package io.github.t6j.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.TestData;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests properties of the tokenizers of all families, or of one kind. */
class FamiliesTest {
    static final List<String> NAMES = GoldTokenizer.NAMES;
    private static final Map<String, Tokenizer> ALL = new HashMap<>();

    @TempDir
    static Path folder;

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);

    @BeforeAll
    static void load() throws IOException {
        for (String name : NAMES) {
            ALL.put(name, Tokenizer.load(GoldTokenizer.unpack(name, folder)));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama3-small", "tekken-small"})
    void decodedBytesEqualTheText(String name) {
        for (int i = 0; i < 3000; i++) {
            String text = randomText();
            assertThat(ALL.get(name).decode(ALL.get(name).encode(text))).as("seed %d", seed).isEqualTo(text);
        }
    }

    @Test
    void decodedCharactersHaveSpacesForMarks() {
        for (int i = 0; i < 3000; i++) {
            String text = randomText();
            String spaced = text.replace('\u2581', ' ');
            Tokenizer always = ALL.get("mistral-v0.1-legacy");
            assertThat(always.decode(always.encode(text))).as("seed %d", seed).isEqualTo(spaced);
            // a text that starts with ▁ gets no second one, so decoding removes its own
            Tokenizer first = ALL.get("mistral-v0.1");
            assertThat(first.decode(first.encode(text)))
                    .as("seed %d", seed)
                    .isEqualTo(spaced.startsWith(" ") ? spaced.substring(1) : spaced);
        }
    }

    /** Checks that the output so far, with that of finish, is the text of the ids so far. */
    @ParameterizedTest
    @FieldSource("NAMES")
    void streamsAgreeWithDecodeAtEveryLength(String name) throws IOException {
        Tokenizer tokenizer = ALL.get(name);
        for (int[] ids : idLists(tokenizer, name)) {
            StringBuilder joined = new StringBuilder();
            TokenStream stream = tokenizer.newDecoder();
            for (int cut = 0; cut <= ids.length; cut++) {
                TokenStream cutStream = tokenizer.newDecoder();
                for (int i = 0; i < cut; i++) {
                    cutStream.append(ids[i]);
                }
                assertThat(joined + cutStream.finish())
                        .as("seed %d, %s: %s at %d", seed, name, Arrays.toString(ids), cut)
                        .isEqualTo(tokenizer.decode(Arrays.copyOf(ids, cut)));
                if (cut < ids.length) {
                    joined.append(stream.append(ids[cut]));
                }
            }
        }
    }

    /** Checks that a prompt's text and the output of a continuation are the text of all ids. */
    @ParameterizedTest
    @FieldSource("NAMES")
    void continuationsKeepTheSpaceOfTheirFirstWord(String name) throws IOException {
        Tokenizer tokenizer = ALL.get(name);
        int[] prompt = tokenizer.encode("Call me");
        for (int[] ids : idLists(tokenizer, name)) {
            TokenStream stream = tokenizer.newContinuation();
            for (int round = 0; round < 2; round++) { // finish resets the stream, which is still a continuation
                StringBuilder joined = new StringBuilder("Call me");
                for (int id : ids) {
                    joined.append(stream.append(id));
                }
                joined.append(stream.finish());
                int[] all = Arrays.copyOf(prompt, prompt.length + ids.length);
                System.arraycopy(ids, 0, all, prompt.length, ids.length);
                assertThat(joined.toString()).as("seed %d, %s", seed, name).isEqualTo(tokenizer.decode(all));
            }
        }
    }

    private List<int[]> idLists(Tokenizer tokenizer, String name) throws IOException {
        List<int[]> lists = new ArrayList<>();
        List<Map<String, Object>> cases = GoldTokenizer.cases(name);
        int[] bytes = tokenizer.encode("\u0007é€😀\u0301");
        for (int i = 0; i < 60; i++) {
            Object ids = cases.get(random.nextInt(cases.size())).get("ids");
            lists.add(Arrays.stream(TestData.ints(ids)).limit(40).filter(tokenizer::hasText).toArray());
            lists.add(random.ints(random.nextInt(20), 0, tokenizer.size())
                    .map(id -> random.nextBoolean() ? id : bytes[id % bytes.length])
                    .filter(tokenizer::hasText)
                    .toArray());
        }
        return lists;
    }

    /** Most tokenizers read a text of equal characters as one piece; quadratic time would take an hour. */
    @Tag("full")
    @ParameterizedTest
    @FieldSource("NAMES")
    void encodeAMillionEqualCharacters(String name) {
        Tokenizer tokenizer = ALL.get(name);
        for (String repeated : List.of("a", " ", "\n", "7", "'", "中", "\u2581", "\u0301", "[", "<", "a ", "\u0007")) {
            int length = 1_000_000 / repeated.length();
            int[] ids = tokenizer.encodeWithSpecialTokens(repeated.repeat(length));
            String decoded = tokenizer.decode(ids);
            if (tokenizer.encode(repeated).length > 0) {
                assertThat(decoded.length()).as(name + ": " + repeated).isBetween(length - 1, 1_000_000);
            }
        }
    }

    @Test
    void emitsARunOfBytesAtItsEnd() {
        Tokenizer tokenizer = ALL.get("mistral-v0.1");
        int[] ids = tokenizer.encode("x\u0378é"); // U+0378 is not assigned
        assertThat(ids).hasSize(4);
        TokenStream stream = tokenizer.newDecoder();
        assertThat(stream.append(ids[0])).isEqualTo("x");
        assertThat(stream.append(ids[1])).isEmpty();
        assertThat(stream.append(ids[2])).isEmpty();
        assertThat(stream.append(ids[3])).isEqualTo("\u0378é");
        stream.append(ids[1]);
        stream.append(ids[2]);
        assertThat(stream.finish()).isEqualTo("\u0378");
        // a part that is not UTF-8 invalidates the whole run
        stream.append(ids[1]);
        stream.append(ids[2]);
        stream.append(ids[1]);
        assertThat(stream.append(ids[3])).isEqualTo("\uFFFD\uFFFD\uFFFDé");
    }

    private String randomText() {
        String often = "  \n'sTabcdeé中\u0301\u2581\u0007\u200D1239.,<[😀𝒜";
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(40); i >= 0; i--) {
            int at = often.offsetByCodePoints(0, random.nextInt(often.codePointCount(0, often.length())));
            text.appendCodePoint(random.nextInt(10) > 0 ? often.codePointAt(at) : random.nextInt(0xD800));
        }
        return text.toString();
    }
}
