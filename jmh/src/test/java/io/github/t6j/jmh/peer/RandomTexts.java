package io.github.t6j.jmh.peer;

import java.util.List;
import java.util.Random;

/** Texts of words, code, digits, runs of white space, emoji, marks and characters of many categories. */
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
    /** First and last characters of blocks (letters, numbers, symbols, emoji) older than every library's tables. */
    private static final int[][] BLOCKS = {
        {0x21, 0x52F}, {0x5D0, 0x6D3}, {0x905, 0x939}, {0xE01, 0xE30}, {0x10D0, 0x10FF}, {0x1E00, 0x20AC},
        {0x2150, 0x2188}, {0x2190, 0x23FA}, {0x2460, 0x27BF}, {0x3001, 0x9FA5}, {0xAC00, 0xD7A3}, {0xF900, 0xFA2D},
        {0xFB00, 0xFB06}, {0xFF01, 0xFFEE}, {0x1D400, 0x1D7FF}, {0x1F300, 0x1F64F}, {0x20000, 0x2A6D6}};

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

    /** No combining mark: the order of marks after normalisation depends on the version of Unicode. */
    private int character() {
        while (true) {
            int[] block = BLOCKS[random.nextInt(BLOCKS.length)];
            int character = random.nextInt(block[0], block[1] + 1);
            int type = Character.getType(character);
            if (type != Character.UNASSIGNED && type != Character.NON_SPACING_MARK) {
                return character;
            }
        }
    }
}
