package io.github.t6j.speculation;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.sampling.ConstraintMatcher;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Tests that the number of drafts follows the share of right ones and the times of passes. */
class PaceTest {
    private static final NextIds NO_IDS = new NextIds() {
        @Override
        public int propose(DraftedText text, int[] into, int max) {
            return 0;
        }

        @Override
        public boolean isFree() {
            return true;
        }

        @Override
        public void close() {}
    };

    private final PassTimes times = new PassTimes();

    /** Sets the times of passes: an id takes 1000, each draft {@code more}. */
    private void measure(int more) {
        IntStream.rangeClosed(1, 16).forEach(rows -> times.record(rows, 1000 + (rows - 1) * more));
    }

    @BeforeEach
    void measure() {
        measure(200);
    }

    private static int after(Pace pace, int drafts, boolean right, int max) {
        for (int i = 0; i < drafts; i++) {
            pace.record(right);
        }
        return pace.drafts(max, 1);
    }

    @Test
    void rightDraftsBecomeMoreAndWrongOnesEnd() {
        Pace pace = new Pace(times, rows -> true, Pace.FIRST, true);
        assertThat(after(pace, 100, true, 15)).isEqualTo(15);
        assertThat(after(pace, 0, true, 7)).isEqualTo(7);
        assertThat(after(pace, 100, false, 15)).isZero();
        assertThat(after(pace, 100, true, 15)).isEqualTo(15);
    }

    @Test
    void draftsThatCostTooMuchEnd() {
        Pace pace = new Pace(times, rows -> true, Pace.FIRST, true);
        measure(200);
        assertThat(after(pace, 100, true, 7)).isEqualTo(7);
        IntStream.range(0, 100).forEach(i -> measure(1000)); // a row costs as much as a pass
        assertThat(pace.drafts(7, 1)).isZero();
    }

    /** A pass of four generations without drafts costs 1600, with three each 4000, for 1.9 tokens each. */
    @Test
    void draftsOfSeveralGenerationsGiveWay() {
        assertThat(new Pace(times, rows -> true, 0.5, true).drafts(3, 1)).isPositive();
        assertThat(new Pace(times, rows -> true, 0.5, true).drafts(3, 4)).isZero();
        assertThat(new Pace(times, rows -> true, 0.9, true).drafts(3, 4)).isEqualTo(3);
        assertThat(new Pace(times, rows -> true, 0.6, true).drafts(15, 40)).isZero();
    }

    @Test
    void passesThatAreNotCompiledAreNotUsed() {
        assertThat(after(new Pace(times, rows -> rows < 8, Pace.FIRST, true), 100, true, 7)).isZero();
        assertThat(after(new Pace(new PassTimes(), rows -> true, Pace.FIRST, true), 100, true, 7)).isZero();
    }

    /** In a pause, drafts that take time are tried in one of 64 passes; while drafts pay, one has none. */
    @Test
    void oneOf64PassesTriesTheOther() {
        Pace model = new Pace(times, rows -> true, 0, false);
        Pace ngrams = new Pace(times, rows -> true, 0, true);
        Pace right = new Pace(times, rows -> true, 1, false);
        for (int pass = 1; pass <= 192; pass++) {
            assertThat(model.drafts(7, 1)).isEqualTo(pass % 64 == 0 ? 3 : 0);
            assertThat(ngrams.drafts(7, 1)).isZero();
            assertThat(right.drafts(7, 1)).isEqualTo(pass % 64 == 0 ? 0 : 7);
        }
    }

    /** A collection of garbage or a compilation within the only passes with drafts does not end them. */
    @Test
    void aSlowFirstPassIsForgotten() {
        Pace ngrams = new Pace(times, rows -> true, 1, true);
        PassTimes slow = new PassTimes();
        Pace pace = new Pace(slow, rows -> true, 1, true);
        slow.record(1, 1000);
        for (int rows = 2; rows <= 16; rows *= 2) {
            slow.record(rows, 1_000_000);
        }
        assertThat(pace.drafts(7, 1)).isZero();
        for (int pass = 0; pass < 300; pass++) {
            slow.record(1, 1000);
            times.record(8, 2400);
        }
        assertThat(pace.drafts(7, 1)).isEqualTo(7);
        slow.record(8, 2400);
        assertThat(slow.of(8)).isEqualTo(2400);
        assertThat(ngrams.drafts(7, 1)).as("a size in use is kept").isEqualTo(7);
        assertThat(times.of(8)).isEqualTo(2400);
    }

    /** Forced ids are dear, too, where the rows of a pass cost as much as passes. */
    @Test
    void passesOfForcedDraftsAreMeasured() {
        Drafting drafting = new Drafting(
                NO_IDS, new DraftedText(new int[0], new int[0]), 7, forcing(5, 6, 7), new PassTimes(), rows -> true);
        drafting.record(1, 1000);
        int[] ids = new int[16];
        assertThat(drafting.propose(ids, 7, 1)).isEqualTo(3);
        assertThat(ids).startsWith(0, 5, 6, 7);
        drafting.record(4, 4100);
        assertThat(drafting.propose(ids, 3, 1)).isLessThan(3);
        drafting.record(2, 2050);
        assertThat(drafting.propose(ids, 3, 1)).isZero();
    }

    private static ConstraintMatcher forcing(int... ids) {
        return new ConstraintMatcher() {
            @Override
            public boolean allows(int id) {
                return true;
            }

            @Override
            public void mask(float[] logits) {}

            @Override
            public void accept(int id) {}

            @Override
            public int[] forced(int max) {
                return ids;
            }

            @Override
            public boolean mayEnd() {
                return false;
            }

            @Override
            public boolean isComplete() {
                return false;
            }

            @Override
            public ConstraintMatcher copy() {
                return this;
            }
        };
    }
}
