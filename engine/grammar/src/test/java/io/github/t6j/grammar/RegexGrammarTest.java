package io.github.t6j.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests regular expressions against {@link java.util.regex}. */
class RegexGrammarTest {
    private static final String LETTERS = "ab0 é🙂-";

    /** Returns a regular expression whose meaning is the same in ECMA-262 and in Java. */
    private static String randomRegex(Random random, int depth) {
        return switch (random.nextInt(depth > 3 ? 4 : 9)) {
            case 0 -> letter(random);
            case 1 -> "[" + (random.nextBoolean() ? "^" : "") + letter(random).replace("-", "\\-") + "a-b]";
            case 2 -> List.of("\\d", "\\W", "\\p{L}", "\\P{Lu}", "[\\p{P}\\p{S}]").get(random.nextInt(5));
            case 3 -> ".";
            case 4, 5 -> randomRegex(random, depth + 1) + randomRegex(random, depth + 1);
            case 6 -> "(?:" + randomRegex(random, depth + 1) + "|" + randomRegex(random, depth + 1) + ")";
            case 7 -> "(" + randomRegex(random, depth + 1) + ")" + "*+?".charAt(random.nextInt(3))
                    + (random.nextInt(4) == 0 ? "?" : "");
            default -> "(?:" + randomRegex(random, depth + 1) + "){" + random.nextInt(3) + ","
                    + (random.nextBoolean() ? "" : 2 + random.nextInt(3)) + "}";
        };
    }

    private static String letter(Random random) {
        int[] letters = LETTERS.codePoints().toArray();
        return Character.toString(letters[random.nextInt(letters.length)]);
    }

    private static String randomText(Random random) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(7); i > 0; i--) {
            text.append(letter(random));
        }
        return text.toString();
    }

    @Test
    void randomExpressionsMatchAsInJava() {
        int matched = 0;
        for (int seed = 0; seed < 3_000; seed++) {
            Random random = new Random(seed);
            String regex = randomRegex(random, 0);
            Pattern java = Pattern.compile(regex);
            Grammar grammar = Grammar.regex(regex);
            Automaton containing = Automaton.of(RegexReader.containing(regex));
            for (int i = 0; i < 20; i++) {
                String text = randomText(random);
                String where = "seed " + seed + ": /" + regex + "/ and \"" + text + "\"";
                boolean whole = java.matcher(text).matches();
                matched += whole ? 1 : 0;
                assertThat(Texts.matches(grammar, text)).as(where).isEqualTo(whole);
                assertThat(containing.accepts(text)).as("find, " + where).isEqualTo(java.matcher(text).find());
            }
        }
        assertThat(matched).as("texts that match").isGreaterThan(3_000);
    }

    @Test
    void complementsAndIntersectionsAreExact() {
        for (int seed = 0; seed < 500; seed++) {
            Random random = new Random(seed);
            String left = randomRegex(random, 1);
            String right = randomRegex(random, 1);
            Automaton both = Automaton.of(RegexReader.whole(left)).intersect(Automaton.of(RegexReader.whole(right)));
            Automaton not = Automaton.of(RegexReader.whole(left)).complement();
            for (int i = 0; i < 30; i++) {
                String text = randomText(random);
                boolean isLeft = Pattern.matches(left, text);
                assertThat(both.accepts(text)).as("seed %s: /%s/ and /%s/: %s", seed, left, right, text)
                        .isEqualTo(isLeft && Pattern.matches(right, text));
                assertThat(not.accepts(text)).as("seed %s: not /%s/: %s", seed, left, text).isEqualTo(!isLeft);
            }
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "^ab$ | ab | b",
        "\\u{1F642}\\uD83D\\uDE42 | 🙂🙂 | 🙂",
        "[^\\s\\d]\\x41 | bA | 1A",
        "a{2}b{1,}c{0,1} | aabb | aab c",
        "(?<year>\\d{4})-\\d\\d | 2026-11 | 26-11",
        "\\/\\.\\$ | /.$ | /x$",
        "\\p{Lu}\\p{Ll}*[\\p{N}_]\\P{L} | Éa_- | éa_-",
        "[^\\p{L}]+ | 1-_ | 1a",
        "[]] | ]] | [",
    })
    void notationIsThatOfEcma(String regex, String matching, String other) {
        if (regex.equals("[]]")) { // an empty class, then a bracket that needs an escape
            assertThatThrownBy(() -> Grammar.regex(regex)).hasMessageContaining("expected a character");
            return;
        }
        assertThat(Texts.matches(Grammar.regex(regex), matching)).isTrue();
        assertThat(Texts.matches(Grammar.regex(regex), other)).isFalse();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "a(?=b) | look-around (?=…) is not supported",
        "(?<!b)a | look-around (?<…) is not supported",
        "(a)\\1 | \\1 is not supported",
        "\\bword | \\b is not supported",
        "\\p{Script=Greek} | a property other than the general categories L, M, N",
        "\\p{C} | a property other than the general categories L, M, N",
        "\\pL | expected {",
        "(?i)a | the group (?i…) is not supported",
        "a^b | the anchor ^ after other characters",
        "(a$)b | the anchor $ before other characters",
        "a** | expected a character, a group or a class",
        "a{3,2} | expected bounds in ascending order",
        "[b-a] | expected a range of two characters in ascending order",
        "(a | expected )",
        "[a | expected a character or ]",
    })
    void unsupportedNotationIsNamed(String regex, String message) {
        assertThatThrownBy(() -> Grammar.regex(regex)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("regex at character").hasMessageContaining(message);
    }

    @Test
    void anExpressionThatNothingMatchesIsRejected() {
        assertThatThrownBy(() -> Grammar.regex("a[]b")).hasMessageContaining("expected at least one text that matches");
    }
}
