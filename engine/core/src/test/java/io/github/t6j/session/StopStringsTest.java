package io.github.t6j.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StopStringsTest {

    @Test
    void textPassesUnchangedWithoutStopStrings() {
        StopStrings stop = new StopStrings(List.of());
        assertThat(stop.append("any text")).isEqualTo("any text");
        assertThat(stop.finish()).isEmpty();
        assertThat(stop.stopped()).isFalse();
    }

    @Test
    void buffersOnlyTextThatMayBecomeAStopString() {
        StopStrings stop = new StopStrings(List.of("\nUser:"));
        assertThat(stop.append("Yes.\nUs")).isEqualTo("Yes.");
        assertThat(stop.append("ual.")).isEqualTo("\nUsual.");
        assertThat(stop.append("\n")).isEmpty();
        assertThat(stop.append("\nUser")).isEqualTo("\n");
        assertThat(stop.stopped()).isFalse();
        assertThat(stop.append(": no")).isEmpty();
        assertThat(stop.stopped()).isTrue();
        assertThat(stop.append("more")).isEmpty();
        assertThat(stop.finish()).isEmpty();
    }

    @Test
    void bufferedTextIsReturnedAtTheEnd() {
        StopStrings stop = new StopStrings(List.of("aab"));
        assertThat(stop.append("xaaa")).isEqualTo("xa");
        assertThat(stop.finish()).isEqualTo("aa");
        assertThat(stop.stopped()).isFalse();
    }

    @Test
    void theStopStringThatEndsFirstWins() {
        StopStrings stop = new StopStrings(List.of("abcde", "cd"));
        assertThat(stop.append("xabcde")).isEqualTo("xab");
        assertThat(stop.stopped()).isTrue();
    }

    @Test
    void theLongerOfTwoThatEndTogetherWins() {
        StopStrings stop = new StopStrings(List.of("cd", "bcd", "d"));
        assertThat(stop.append("abcd")).isEqualTo("a");
    }

    @Test
    void emptyStopStringsAreRejected() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new StopStrings(List.of("a", "")))
                .withMessage("stop: expected strings of one character or more, found an empty one");
    }

    /** Random texts over two letters, so that stop strings overlap often, are appended in random pieces. */
    @Test
    void anyCutGivesTheTextBeforeTheFirstStopString() {
        long seed = 20250101;
        Random random = new Random(seed);
        int stops = 0;
        for (int round = 0; round < 20_000; round++) {
            String text = letters(random, random.nextInt(24));
            List<String> strings = new ArrayList<>();
            for (int i = random.nextInt(4); i > 0; i--) {
                strings.add(letters(random, 1 + random.nextInt(6)));
            }
            String expected = untilStop(text, strings);
            StopStrings stop = new StopStrings(strings);
            assertThat(cut(text, stop, random))
                    .as("seed %d, round %d, text %s, stop strings %s", seed, round, text, strings)
                    .isEqualTo(expected == null ? text : expected);
            assertThat(stop.stopped()).isEqualTo(expected != null);
            stops += stop.stopped() ? 1 : 0;
        }
        assertThat(stops).isBetween(5_000, 19_000);
    }

    private static String letters(Random random, int length) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.append("ab".charAt(random.nextInt(2)));
        }
        return text.toString();
    }

    private static String cut(String text, StopStrings stop, Random random) {
        StringBuilder emitted = new StringBuilder();
        int at = 0;
        while (at < text.length()) {
            int end = at + random.nextInt(Math.min(4, text.length() - at) + 1);
            emitted.append(stop.append(text.substring(at, end)));
            at = end;
        }
        return emitted.append(stop.finish()).toString();
    }

    /**
     * Oracle: tries every end, ascending, with the longest stop string that ends there. Null if no stop string occurs.
     */
    private static String untilStop(String text, List<String> strings) {
        for (int end = 0; end <= text.length(); end++) {
            for (int start = 0; start < end; start++) {
                if (strings.contains(text.substring(start, end))) {
                    return text.substring(0, start);
                }
            }
        }
        return null;
    }
}
