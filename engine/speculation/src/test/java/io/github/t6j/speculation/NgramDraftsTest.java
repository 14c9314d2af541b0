package io.github.t6j.speculation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Tests that drafts of a text follow the longest match, however long the text is. */
class NgramDraftsTest {
    private static final int[] NONE = {};

    private static int[] drafts(NgramDrafts source, DraftedText text, int max) {
        int[] into = new int[16];
        return Arrays.copyOfRange(into, 1, 1 + source.propose(text, into, max));
    }

    private static int[] drafts(int max, int... ids) {
        return drafts(new NgramDrafts(false), new DraftedText(NONE, ids), max);
    }

    @Test
    void theLongestMatchCounts() {
        assertThat(drafts(2, 1, 2, 3, 4, 50, 51, 9, 3, 4, 60, 61, 1, 2, 3, 4)).containsExactly(50, 51);
        assertThat(drafts(2, 1, 2, 3, 4, 50, 51, 9, 3, 4, 60, 61, 2, 3, 4)).containsExactly(50, 51);
        assertThat(drafts(2, 1, 2, 3, 4, 50, 51, 9, 3, 4, 60, 61, 8, 3, 4)).containsExactly(60, 61);
    }

    @Test
    void theLatestOfEqualMatchesCounts() {
        assertThat(drafts(1, 3, 4, 50, 3, 4, 60, 3, 4)).containsExactly(60);
    }

    @Test
    void oneIdIsNoMatch() {
        assertThat(drafts(3, 1, 2, 3, 9, 3)).isEmpty();
        assertThat(drafts(3, 1)).isEmpty();
        assertThat(drafts(3)).isEmpty();
    }

    @Test
    void aMatchAtTheEndRepeats() {
        assertThat(drafts(7, 1, 2, 3, 1, 2, 3)).containsExactly(1, 2, 3, 1, 2, 3, 1);
    }

    /** Some ids of a copy are changed: the drafts follow the place of the last match. */
    @Test
    void aChangedIdDoesNotEndACopy() {
        NgramDrafts source = new NgramDrafts(false);
        DraftedText text = new DraftedText(NONE, new int[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 20, 1, 2, 3});
        assertThat(drafts(source, text, 2)).containsExactly(4, 5);
        text.add(40);
        assertThat(drafts(source, text, 2)).containsExactly(5, 6);
        for (int id : new int[] {41, 42, 43}) {
            text.add(id);
        }
        assertThat(drafts(source, text, 2)).isEmpty();
    }

    @Test
    void onlyThePredictionMayCount() {
        DraftedText text = new DraftedText(new int[] {1, 2, 30, 31}, new int[] {1, 2, 40, 5, 6, 41, 1, 2});
        assertThat(drafts(new NgramDrafts(true), text, 3)).as("the prediction follows the prompt")
                .containsExactly(1, 2, 30).isEqualTo(drafts(new NgramDrafts(false), text, 3));
        IntStream.of(7, 1, 2).forEach(text::add);
        assertThat(drafts(new NgramDrafts(true), text, 2)).containsExactly(30, 31);
        assertThat(drafts(new NgramDrafts(false), text, 2)).containsExactly(7, 1);
        IntStream.of(5, 6).forEach(text::add);
        assertThat(drafts(new NgramDrafts(true), text, 2)).isEmpty();
        assertThat(drafts(new NgramDrafts(false), text, 1)).containsExactly(41);
    }

    /**
     * In a text of few different ids that grows past several sizes of the index, most drafts are those that a search
     * through the whole text finds: another sequence may take the place of a match in the index.
     */
    @Test
    void aSearchFindsTheSame() {
        Random random = new Random(53);
        int[] ids = IntStream.range(0, 3000).map(i -> i < 20 ? i : random.nextInt(40)).toArray();
        NgramDrafts source = new NgramDrafts(false);
        DraftedText text = new DraftedText(NONE, Arrays.copyOf(ids, 20));
        int same = 0;
        int all = 0;
        for (int length = 21; length <= ids.length; length++) {
            text.add(ids[length - 1]);
            int[] found = drafts(source, text, 1);
            int end = searched(ids, length);
            if (end > 0) {
                all++;
                same += found.length > 0 && found[0] == ids[end] ? 1 : 0;
            }
        }
        assertThat(all).isGreaterThan(1000);
        assertThat(same).isGreaterThan(all * 3 / 4);
    }

    /** Returns the index after the latest of the longest matches of the last ids, or 0. */
    private static int searched(int[] ids, int length) {
        for (int n = 4; n >= 2; n--) {
            for (int end = length - 1; end >= n; end--) {
                if (Arrays.equals(ids, end - n, end, ids, length - n, length)) {
                    return end;
                }
            }
        }
        return 0;
    }
}
