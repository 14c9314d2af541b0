package io.github.t6j;

import io.github.t6j.sampling.ConstraintMatcher;

/**
 * Speculation: several tokens in one pass, with the same result. Ids that will probably follow, the drafts, are
 * computed together with the chosen id. Each token is then chosen as always; if it equals its draft, its logits are
 * known already. Text, tokens and the session's state are the same as without speculation. {@code Speculation} of the
 * artifact t6j-speculation implements it. Thread-safe.
 */
public interface Drafter {
    /**
     * Begins the drafts of a generation.
     *
     * @param ids ids of the session, with the prompt's
     * @param matcher state of the generation's grammar, or null without one
     */
    DraftSource begin(Model model, int[] ids, ConstraintMatcher matcher);
}
