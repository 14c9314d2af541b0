package io.github.t6j.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Tests grammars that are made of others. */
class JoinedGrammarTest {
    private static final String[] REGEXES = {"a*", "ab?", "(?:ba)+", "[^a]", "b{2,3}", ""};

    private static String randomText(Random random) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(8); i > 0; i--) {
            text.append("abc".charAt(random.nextInt(3)));
        }
        return text.toString();
    }

    /** A grammar and the regular expression of java.util.regex with the same texts. */
    private record Pair(Grammar grammar, String regex) {}

    private static Pair random(Random random, int depth) {
        if (depth == 0 || random.nextInt(4) == 0) {
            String regex = REGEXES[random.nextInt(REGEXES.length)];
            return new Pair(Grammar.regex(regex), "(?:" + regex + ")");
        }
        Pair first = random(random, depth - 1);
        Pair second = random(random, depth - 1);
        return switch (random.nextInt(5)) {
            case 0, 1 -> new Pair(Grammar.sequence(first.grammar, second.grammar), first.regex + second.regex);
            case 2 -> new Pair(Grammar.choice(first.grammar, second.grammar),
                    "(?:" + first.regex + "|" + second.regex + ")");
            case 3 -> new Pair(first.grammar.optional(), "(?:" + first.regex + ")?");
            default -> new Pair(first.grammar.repeated(), "(?:" + first.regex + ")*");
        };
    }

    @Test
    void joinedGrammarsMatchAsTheJoinedExpressionsOfJava() {
        int matched = 0;
        for (int seed = 0; seed < 1_000; seed++) {
            Random random = new Random(seed);
            Pair pair = random(random, 3);
            Pattern java = Pattern.compile(pair.regex);
            for (int i = 0; i < 20; i++) {
                String text = randomText(random);
                boolean whole = java.matcher(text).matches();
                matched += whole ? 1 : 0;
                assertThat(Texts.matches(pair.grammar, text)).as("seed %s: /%s/ and \"%s\"", seed, pair.regex, text)
                        .isEqualTo(whole);
            }
        }
        assertThat(matched).as("texts that match").isGreaterThan(2_000);
    }

    @Test
    void textsWithoutOthers() {
        String[] parts = {"</a>", "\\n", "aba"};
        Grammar without = Grammar.without(parts);
        for (int seed = 0; seed < 3_000; seed++) {
            Random random = new Random(seed);
            StringBuilder text = new StringBuilder();
            for (int i = random.nextInt(12); i > 0; i--) {
                text.append("</ab>\\n\n".charAt(random.nextInt(8)));
            }
            boolean contains =
                    text.indexOf(parts[0]) >= 0 || text.indexOf(parts[1]) >= 0 || text.indexOf(parts[2]) >= 0;
            assertThat(Texts.matches(without, text.toString())).as("seed %s: %s", seed, text).isEqualTo(!contains);
        }
        assertThatThrownBy(() -> Grammar.without("a", "")).hasMessageContaining("parts: expected at least one");
    }

    /** Both have rules of the same names, and call the rule of escaped control characters from an automaton. */
    @Test
    void schemasKeepTheirOwnRules() {
        String schema = """
                {"type": "object", "properties": {"%s": {"$ref": "#/$defs/it"}}, "required": ["%1$s"],
                 "$defs": {"it": {"type": "string", "maxLength": %d}}}""";
        Grammar both = Grammar.sequence(Grammar.text("<"), Grammar.choice(
                Grammar.jsonSchema(schema.formatted("a", 1)), Grammar.jsonSchema(schema.formatted("b", 2))),
                Grammar.text(">"));
        assertThat(Texts.matches(both, "<{\"a\": \"x\"}>")).isTrue();
        assertThat(Texts.matches(both, "<{\"a\": \"\\n\"}>")).isTrue();
        assertThat(Texts.matches(both, "<{\"b\": \"\\u0001y\"}>")).isTrue();
        assertThat(Texts.matches(both, "<{\"a\": \"xy\"}>")).isFalse();
        assertThat(Texts.matches(both, "{\"a\": \"x\"}")).isFalse();
    }
}
