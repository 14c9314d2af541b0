package io.github.t6j.jmh.peer;

import java.util.List;
import java.util.Random;

/** Texts of words, code, digits, runs of white space, emoji, marks and characters of all categories. */
final class RandomTexts {
    private static final List<String> PARTS = List.of(
            " ", " ", " ", "  ", "        ", "\n", "\n\n", "\r\n", "\t", "\u00A0", "\u3000", "\u200D", "\0", "\u0004",
            "\u007F", "\uFFFD", "the", " whale", "Hello", " world", "ABCdef", "aaaaaaaa", "don't", "'s", "'T", "'ll",
            "'ſ",
            "1", "23", "4567", "٣", "½", "Ⅷ", ".", "...", "!?", "/", "//\n", "<", "<|", "[INST",
            "def f(x):\n    return x",
            "for (int i = 0; i < n; i++) {", "\"a\": [1, 2]", "https://t6j.org/?q=1", "\u2581", "É", "e\u0301",
            "\u0301\u0323", "n\u0303", "Å", "ﬁ", "ſ", "ß", "й", "и\u0306", "中", "日本", "한", "\u1112\u1161\u11AB",
            "か\u3099",
            "ʰ", "😀", "👍🏽", "👩\u200D👩\u200D👧", "🇩🇪", "𝒜");
    /** Beyond the private use area there is little but CJK. */
    private static final int MOST = 0x1FBFF;

    private final Random random;

    RandomTexts(long seed) {
        random = new Random(seed);
    }

    String next() {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(24); i >= 0; i--) {
            if (random.nextInt(5) == 0) {
                text.appendCodePoint(character());
            } else {
                text.append(PARTS.get(random.nextInt(PARTS.size())));
            }
        }
        return text.toString();
    }

    /**
     * Any character that is assigned but no combining mark: their order after normalisation depends on the version of
     * Unicode.
     */
    private int character() {
        while (true) {
            int character = random.nextInt(random.nextBoolean() ? 0x3000 : MOST);
            int type = Character.getType(character);
            if (type != Character.UNASSIGNED && type != Character.SURROGATE && type != Character.PRIVATE_USE
                    && type != Character.NON_SPACING_MARK && type != Character.COMBINING_SPACING_MARK) {
                return character;
            }
        }
    }
}
