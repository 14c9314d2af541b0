package io.github.t6j.cli.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Lines of a stream of text, compared with the lines of the whole text. */
class WordWrapTest {
    private static final String DIM = "\u001b[2m";
    private static final String ACCENT = "\u0301"; // takes no column
    private static final List<String> PARTS = List.of(
            "a", "be", "sea", "whale", "harpoon;", "e" + ACCENT, "é", "中", "文" + ACCENT, "🐳", DIM, " ", " ", " ", " ",
            "  ",
            "\t", "\n");
    private static final Pattern WORD = Pattern.compile(
            "([ \t]*)([中文🐳](?:\u0301|\u001b\\[2m)*|[^ \t中文🐳]+)");

    private static String wrapped(int columns, List<String> pieces) {
        StringBuilder out = new StringBuilder();
        WordWrap lines = new WordWrap(() -> columns, out::append);
        pieces.forEach(lines::append);
        lines.end();
        return out.toString();
    }

    private static String wrapped(int columns, String text) {
        return wrapped(columns, List.of(text));
    }

    @Test
    void linesBreakAtSpaces() {
        assertThat(wrapped(10, "Call me Ishmael. Some years ago")).isEqualTo("Call me\nIshmael.\nSome years\nago");
        assertThat(wrapped(10, "0123456789 0")).isEqualTo("0123456789\n0");
        assertThat(wrapped(10, "01234  56789   0")).isEqualTo("01234\n56789   0");
        assertThat(wrapped(10, "one\n\n  two \nthree  ")).isEqualTo("one\n\n  two\nthree");
        assertThat(wrapped(10, "    indented")).isEqualTo("    indented");
        assertThat(wrapped(10, "a\t56 890")).isEqualTo("a\t56\n890");
    }

    /** 81 columns of code are the terminal's to break; the word after them knows where it is. */
    @Test
    void aWordThatNoLineHoldsIsLeftToTheTerminal() {
        assertThat(wrapped(10, "see http://whale.example/a b cdefgh"))
                .isEqualTo("see http://whale.example/a b\ncdefgh");
        assertThat(wrapped(10, "0123456789abc 5678 01")).isEqualTo("0123456789abc 5678\n01");
    }

    @Test
    void wideCharactersTakeTwoColumnsAndMarksNone() {
        assertThat(wrapped(10, "白鯨白鯨白鯨")).isEqualTo("白鯨白鯨白\n鯨");
        assertThat(wrapped(10, "a白鯨白鯨b 白鯨")).isEqualTo("a白鯨白鯨b\n白鯨");
        assertThat(wrapped(10, ("e" + ACCENT).repeat(10) + " x")).isEqualTo(("e" + ACCENT).repeat(10) + "\nx");
        assertThat(wrapped(10, DIM + "one" + DIM + " two" + DIM + " 9ab")).isEqualTo(
                DIM + "one" + DIM + " two" + DIM + "\n9ab");
    }

    /** The beginning of a word is known only with its end; a piece that ends in a space releases it. */
    @Test
    void aWordIsPrintedOnce() {
        List<String> printed = new ArrayList<>();
        WordWrap lines = new WordWrap(() -> 10, printed::add);
        for (String piece : List.of("The wh", "ale swa", "m", " away ", ".", "\n")) {
            lines.append(piece);
        }
        lines.end();
        assertThat(printed).containsExactly("The", " whale", "\nswam away", "\n.\n");
    }

    @Test
    void aFileGetsTheTextUnchanged() {
        List<String> pieces = List.of("  The ", "wh", "ale \n", "swam ", DIM, " away  ");
        assertThat(wrapped(0, pieces)).isEqualTo(String.join("", pieces));
    }

    @Test
    void theNextLinesHaveTheNewWidth() {
        int[] columns = {20};
        StringBuilder out = new StringBuilder();
        WordWrap lines = new WordWrap(() -> columns[0], out::append);
        lines.append("one two three four five ");
        columns[0] = 10;
        lines.append("six seven eight nine ");
        columns[0] = 20;
        lines.append("ten eleven twelve");
        lines.end();
        assertThat(out.toString()).isEqualTo("one two three four\nfive six\nseven\neight nine ten\neleven twelve");
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 7, 20, 80})
    void piecesFormTheLinesOfTheWholeText(int columns) {
        for (long seed = 0; seed < 2000; seed++) {
            Random random = new Random(seed);
            List<String> parts = new ArrayList<>();
            for (int i = random.nextInt(120); i > 0; i--) {
                parts.add(PARTS.get(random.nextInt(PARTS.size())));
            }
            List<String> pieces = new ArrayList<>();
            StringBuilder piece = new StringBuilder();
            for (String part : parts) {
                piece.append(part);
                if (random.nextInt(3) == 0) {
                    pieces.add(piece.toString());
                    piece.setLength(0);
                }
            }
            pieces.add(piece.toString());
            String text = String.join("", parts);
            assertThat(wrapped(columns, pieces)).as("seed %d, columns %d: %s", seed, columns, text)
                    .isEqualTo(oracle(columns, text));
        }
    }

    /** Returns the lines of a whole text: each word after its spaces, or on the next line. */
    private static String oracle(int columns, String text) {
        List<String> lines = new ArrayList<>();
        for (String line : text.split("\n", -1)) {
            lines.add(brokenLine(columns, line));
        }
        return String.join("\n", lines);
    }

    private static String brokenLine(int columns, String line) {
        StringBuilder out = new StringBuilder();
        int column = 0;
        boolean begun = false;
        Matcher word = WORD.matcher(line);
        while (word.find()) {
            int after = column;
            for (char space : word.group(1).replace(DIM, "").toCharArray()) {
                after = space == '\t' ? (after / 8 + 1) * 8 : after + 1;
            }
            int width = width(word.group(2));
            boolean breaks = begun && width <= columns && after + width > columns;
            out.append(breaks ? "\n" : word.group(1)).append(word.group(2));
            column = (breaks ? 0 : after) + width;
            column = column <= columns ? column : column % columns == 0 ? columns : column % columns;
            begun |= width > 0;
        }
        return out.toString();
    }

    private static int width(String word) {
        return word.replaceAll(DIM.replace("[", "\\[") + "|" + ACCENT, "").codePoints()
                .map(c -> "中文🐳".indexOf(c) >= 0 ? 2 : 1).sum();
    }
}
