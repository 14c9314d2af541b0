package io.github.t6j;

import io.github.t6j.sampling.ConstraintMatcher;

/**
 * Drafts of a recorded generation: the id at each place, whatever was chosen before.
 *
 * @param ids drafts of the generation's first id and those that follow
 * @param max maximum number of drafts in a pass
 */
public record RecordedDrafts(int[] ids, int max) implements Drafter {
    @Override
    public DraftSource begin(Model model, int[] session, ConstraintMatcher matcher) {
        return new DraftSource() {
            private int chosen;

            @Override
            public void add(int id) {
                chosen++;
            }

            @Override
            public int propose(int[] into, int limit, int sharing) {
                int count = Math.max(0, Math.min(Math.min(max, limit), ids.length - chosen));
                System.arraycopy(ids, Math.min(chosen, ids.length), into, 1, count);
                return count;
            }
        };
    }
}
