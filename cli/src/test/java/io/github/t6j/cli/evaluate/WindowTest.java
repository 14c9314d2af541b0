package io.github.t6j.cli.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WindowTest {

    @Test
    void withoutOverlapScoresAllButEachFirst() {
        assertThat(Window.of(10, 4, 4, 0))
                .containsExactly(new Window(0, 1, 4), new Window(4, 5, 8), new Window(8, 9, 10));
    }

    @Test
    void overlappingWindowsScoreOnlyNewIds() {
        assertThat(Window.of(10, 4, 2, 0)).containsExactly(
                new Window(0, 1, 4), new Window(2, 4, 6), new Window(4, 6, 8), new Window(6, 8, 10));
    }

    @Test
    void aLastWindowOfOneIdScoresNothing() {
        assertThat(Window.of(9, 4, 4, 0)).containsExactly(new Window(0, 1, 4), new Window(4, 5, 8));
    }

    /** testdata/models/t6-tiny/reference.json, made by another program, has the counts. */
    @Test
    void scoresAsManyIdsAsTheReference() {
        assertThat(
                Window.of(185_694, 512, 512, 0).stream().mapToInt(window -> window.end() - window.scoredFrom()).sum())
                .isEqualTo(185_331);
    }

    /**
     * Compares with the rule itself, id by id: each is scored once, by the first window that has it and an id before
     * it.
     */
    @ParameterizedTest
    @CsvSource({"2,2,1", "2,9,9", "7,3,1", "7,3,2", "7,3,3", "20,8,3", "21,8,8", "22,5,4", "100,16,5", "3,2,2"})
    void scoresEachIdAsTheRuleSays(int ids, int context, int stride) {
        List<Window> expected = new ArrayList<>();
        int previousEnd = 0;
        for (int w = 0; previousEnd < ids; w++) {
            int start = w * stride;
            int end = Math.min(start + context, ids);
            int first = -1;
            for (int id = start + 1; id < end; id++) {
                if (id >= previousEnd && first < 0) {
                    first = id;
                }
            }
            if (first >= 0) {
                expected.add(new Window(start, first, end));
            }
            previousEnd = end;
        }

        assertThat(Window.of(ids, context, stride, 0)).isEqualTo(expected);
    }

    /** An id before each window predicts its first id. */
    @Test
    void withAnIdBeforeEveryIdIsScoredOnce() {
        assertThat(Window.of(10, 4, 4, 1)).containsExactly(new Window(0, 0, 4), new Window(4, 4, 8),
                new Window(8, 8, 10));
        assertThat(Window.of(10, 4, 2, 1)).containsExactly(
                new Window(0, 0, 4), new Window(2, 4, 6), new Window(4, 6, 8), new Window(6, 8, 10));
    }
}
