package io.github.t6j.cli.bench;

import io.github.t6j.DraftSource;
import io.github.t6j.Drafter;
import io.github.t6j.Model;
import io.github.t6j.sampling.ConstraintMatcher;

/**
 * Drafts from the ids of an earlier run of the same generation, of which some are made wrong.
 *
 * @param ids ids of the generation
 * @param max maximum number of drafts in a pass
 * @param right number of right drafts among four
 */
record BenchDrafts(int[] ids, int max, int right) implements Drafter {
    @Override
    public DraftSource begin(Model model, int[] session, ConstraintMatcher matcher) {
        int vocabulary = model.sampleableIds();
        return new DraftSource() {
            private int chosen;

            @Override
            public void add(int id) {
                chosen++;
            }

            @Override
            public int propose(int[] into, int limit, int sharing) {
                int count = Math.min(Math.min(max, limit), ids.length - chosen);
                for (int i = 0; i < count; i++) {
                    int place = chosen + i;
                    into[1 + i] = place % 4 < right ? ids[place] : (ids[place] + 1) % vocabulary;
                }
                return count;
            }
        };
    }
}
