package io.github.t6j.sampling;

import io.github.t6j.tokenizer.Tokenizer;
import java.util.Set;

/**
 * Set of texts that a generation may produce; {@code Grammar} of the artifact {@code t6j-grammar} is one. Immutable;
 * any number of threads and models may use it. A model keeps the prepared form as long as the constraint is reachable,
 * so keep a constraint to use it again.
 */
public interface Constraint {
    /**
     * Prepares the constraint for the tokens of a tokenizer.
     *
     * @param ids number of ids that may be generated; the constraint ignores tokens above
     * @param endIds ids that end a text; they are allowed where the text may end
     * @throws IllegalArgumentException if no text of the constraint consists of the tokens
     */
    TokenConstraint prepare(Tokenizer tokenizer, int ids, Set<Integer> endIds);
}
