package io.github.t6j.grammar;

import io.github.t6j.sampling.ConstraintMatcher;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Objects;

/**
 * Progress of one generation through a grammar: which ids may come next, and the ids chosen so far.
 *
 * <pre>{@code
 * GrammarMatcher matcher = grammar.prepare(tokenizer, tokenizer.size(), endIds).newMatcher();
 * while (!matcher.isComplete()) {
 *     int id = choose(matcher.allowed());
 *     matcher.accept(id);
 * }
 * }</pre>
 *
 * <p>Not thread-safe.
 */
public final class GrammarMatcher implements ConstraintMatcher {
    /** Maximum number of bytes of a text that must come next. */
    private static final int MAX_FORCED = 64;

    private final TokenGrammar grammar;
    private Parser.State state;
    private boolean ended;

    GrammarMatcher(TokenGrammar grammar) {
        this.grammar = grammar;
        state = grammar.parser().start();
    }

    /**
     * Returns the ids that may come next, with the end ids where the text may end. Never empty before the text is
     * complete.
     *
     * @return a copy
     */
    public BitSet allowed() {
        return ended ? new BitSet() : (BitSet) grammar.mask(state).clone();
    }

    @Override
    public void mask(float[] logits) {
        Objects.requireNonNull(logits, "logits");
        if (logits.length < grammar.trie().vocabulary()) {
            throw new IllegalArgumentException("logits: expected one for each of "
                    + grammar.trie().vocabulary() + " ids, found " + logits.length);
        }
        long[] words = ended ? new long[0] : grammar.mask(state).toLongArray();
        for (int from = 0; from < logits.length; from += Long.SIZE) {
            int to = Math.min(logits.length, from + Long.SIZE);
            long word = from / Long.SIZE < words.length ? words[from / Long.SIZE] : 0;
            if (word == 0) {
                Arrays.fill(logits, from, to, Float.NEGATIVE_INFINITY);
            } else if (word != -1) {
                for (int id = from; id < to; id++) {
                    if ((word >>> id & 1) == 0) {
                        logits[id] = Float.NEGATIVE_INFINITY;
                    }
                }
            }
        }
    }

    /** {@inheritDoc} Faster than {@link #allowed}. */
    @Override
    public boolean allows(int id) {
        if (ended) {
            return false;
        }
        return grammar.isEnd(id) ? state.mayEnd() : grammar.hasText(id) && !after(id).isDead();
    }

    private Parser.State after(int id) {
        Parser.State next = state;
        for (byte value : grammar.bytes(id)) {
            next = grammar.parser().next(next, value & 0xFF);
        }
        return next;
    }

    @Override
    public int[] forced(int max) {
        byte[] text = new byte[MAX_FORCED];
        int length = 0;
        Parser.State next = state;
        int value = ended ? -1 : grammar.parser().forced(next);
        while (value >= 0 && length < MAX_FORCED) {
            text[length++] = (byte) value;
            next = grammar.parser().next(next, value);
            value = grammar.parser().forced(next);
        }
        int[] ids = new int[max];
        int count = 0;
        for (int at = 0; at < length && count < max;) {
            int id = grammar.trie().longest(text, at, length);
            if (id < 0) {
                break;
            }
            ids[count++] = id;
            at += grammar.bytes(id).length;
        }
        return Arrays.copyOf(ids, count);
    }

    @Override
    public void accept(int id) {
        if (!allows(id)) {
            throw new IllegalArgumentException("id: expected one that the grammar allows here, found " + id);
        }
        if (grammar.isEnd(id)) {
            ended = true;
        } else {
            state = after(id);
        }
    }

    @Override
    public boolean mayEnd() {
        return ended || state.mayEnd();
    }

    @Override
    public boolean isComplete() {
        return ended || !state.mayContinue();
    }

    @Override
    public GrammarMatcher copy() {
        GrammarMatcher copy = new GrammarMatcher(grammar);
        copy.state = state;
        copy.ended = ended;
        return copy;
    }
}
