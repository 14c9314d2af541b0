package io.github.t6j.tokenizer.split;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.fail;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares the splitters with java.util.regex. */
public class SplittersTest {
    static final String GPT2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
    public static final String LLAMA3 = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|"
            + " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    public static final String QWEN2 = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}|"
            + " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    static final String TEKKEN =
            "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+|"
                    + "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*|\\p{N}|"
                    + " ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

    public static final String O200K =
            "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+"
                    + "(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+"
                    + "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}|"
                    + " ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

    /** Regular expressions, and the splitters that implement them. */
    private static final Map<String, Splitter> ALL = Map.of(
            O200K, Splitters.ofRegex(O200K),
            GPT2, Splitters.ofRegex(GPT2),
            LLAMA3, Splitters.ofRegex(LLAMA3),
            QWEN2, Splitters.ofRegex(QWEN2),
            TEKKEN, Splitters.ofRegex(TEKKEN),
            "\\p{N}|\\P{N}+", Splitters.DIGITS,
            "\\p{N}+|\\P{N}+", Splitters.NUMBERS,
            "[^ ]* |[^ ]+", Splitters.AFTER_SPACE,
            "(?s:.)[^\u2581]*", Metaspace::endBeforeMark,
            "\u2581+[^\u2581]*|[^\u2581]+", Metaspace::endBeforeWord);

    private static final Map<String, Pattern> COMPILED = new HashMap<>();

    /** Characters that the expressions distinguish, to be chosen often. */
    private static final String OFTEN = "  \n\n\r\t\u00A0\u2003\u0085''''sStTrReEvVmMlLdDſK/.,!_12٣½Ⅷ²"
            + "aébAÉBǅʰªßж中あ\u0301\u0903\u20DD😀𝒜𐐀𐐨\u2581\u2581\u200D\0";

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);

    @Test
    void matchTheExpressionsOnRandomText() {
        for (int i = 0; i < 4000; i++) {
            String text = randomText(1 + random.nextInt(40));
            ALL.forEach((regex, splitter) -> agree(regex, splitter, text));
        }
    }

    @Tag("full")
    @Test
    void matchTheExpressionsOnEveryCodePoint() {
        for (int codePoint = 0; codePoint <= Character.MAX_CODE_POINT; codePoint++) {
            if (codePoint < Character.MIN_SURROGATE || codePoint > Character.MAX_SURROGATE) {
                String c = Character.toString(codePoint);
                String text = "a" + c + "A" + c + c + "a 1" + c + " " + c + "b'" + c + "\n " + c;
                agree(LLAMA3, Splitters.LLAMA3, text);
                agree(TEKKEN, Splitters.TEKKEN, text);
                agree(O200K, Splitters.O200K, text);
                agree("\\p{N}|\\P{N}+", Splitters.DIGITS, text);
            }
        }
    }

    /** Each character may be read a few times; quadratic time for a million would take an hour. */
    @ParameterizedTest
    @ValueSource(strings = {"a", "A", " ", "\n", "1", "!", "'", "中", "\u0301", "\u2581", "A中", " \n", "'s", "aA"})
    void splitAMillionCharactersInLinearTime(String repeated) {
        byte[] text = repeated.repeat(1_000_000 / repeated.length()).getBytes(StandardCharsets.UTF_8);
        ALL.values().forEach(splitter -> {
            int pieces = 0;
            int at = 0;
            while (at < text.length) {
                at = splitter.end(text, at, text.length);
                pieces++;
            }
            assertThat(at).isEqualTo(text.length);
            assertThat(pieces).isPositive();
        });
    }

    @Test
    void endAtTheGivenEndOfTheText() {
        byte[] text = "a  'sb".getBytes(StandardCharsets.UTF_8);
        assertThat(Splitters.GPT2.end(text, 1, 3)).isEqualTo(3);
        assertThat(Splitters.GPT2.end(text, 1, 6)).isEqualTo(2);
        assertThat(Splitters.LLAMA3.end(text, 3, 4)).isEqualTo(4);
        assertThat(Splitters.TEKKEN.end(text, 3, 4)).isEqualTo(4);
    }

    @Test
    void areFoundByTheNamesOfFamilies() {
        assertThat(Splitters.named("gpt-2")).containsExactly(Splitters.ofRegex(GPT2));
        assertThat(Splitters.named("llama3")).containsExactly(Splitters.ofRegex(LLAMA3));
        assertThat(Splitters.named("qwen2")).containsExactly(Splitters.ofRegex(QWEN2));
        assertThat(Splitters.named("tekken")).containsExactly(Splitters.ofRegex(TEKKEN));
        assertThat(Splitters.named("smollm")).containsExactly(Splitters.DIGITS, Splitters.ofRegex(GPT2));
        assertThat(Splitters.named("cl100k")).containsExactly(Splitters.ofRegex(LLAMA3));
        assertThat(Splitters.named("o200k")).containsExactly(Splitters.ofRegex(O200K));
        assertThat(Splitters.named("deepseek-v3")).isNull();
    }

    private String randomText(int length) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.appendCodePoint(
                    random.nextInt(16) == 0
                            ? random.nextInt(0xD800)
                            : OFTEN.codePointAt(
                                    OFTEN.offsetByCodePoints(0,
                                            random.nextInt(OFTEN.codePointCount(0, OFTEN.length())))));
        }
        return text.toString();
    }

    private void agree(String regex, Splitter splitter, String text) {
        List<String> expected = new ArrayList<>();
        Matcher matcher = COMPILED.computeIfAbsent(
                regex, key -> Pattern.compile(key, Pattern.UNICODE_CHARACTER_CLASS)).matcher(text);
        while (matcher.find()) {
            expected.add(matcher.group());
        }
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        List<String> pieces = new ArrayList<>();
        for (int at = 0, end; at < utf8.length; at = end) {
            end = splitter.end(utf8, at, utf8.length);
            pieces.add(new String(utf8, at, end - at, StandardCharsets.UTF_8));
        }
        if (!pieces.equals(expected)) {
            fail("seed " + seed + ": " + regex + ": of \"" + text + "\" expected " + expected + ", found " + pieces);
        }
    }
}
