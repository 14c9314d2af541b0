package io.github.t6j.grammar;

import io.github.t6j.sampling.TokenConstraint;
import io.github.t6j.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Grammar over the tokens of a vocabulary, from {@link Grammar#prepare} or {@code Model.tokenGrammar}. It caches the
 * mask of each state that a generation has reached. Thread-safe.
 */
public final class TokenGrammar implements TokenConstraint {
    /** Maximum number of kept masks: 19 KB each for a vocabulary of 151,936. */
    private static final int MAX_MASKS = 2_000;

    private final Parser parser;
    private final TokenTrie trie;
    private final BitSet endIds;
    private final Map<Parser.State, BitSet> masks = new ConcurrentHashMap<>();

    /** Tokens of a vocabulary, prepared for grammars; takes a fraction of a second, so keep it. */
    static final class Vocabulary {
        private final TokenTrie trie;
        private final Set<Integer> endIds;

        /**
         * Prepares the tokens of a tokenizer.
         *
         * @param ids number of ids that may be generated; tokens above are left out
         * @param endIds ids that end a text; they are allowed where the grammar may end
         */
        Vocabulary(Tokenizer tokenizer, int ids, Set<Integer> endIds) {
            Objects.requireNonNull(tokenizer, "tokenizer");
            Objects.requireNonNull(endIds, "endIds");
            this.trie = new TokenTrie(tokenizer, Math.min(ids, tokenizer.size()), endIds);
            this.endIds = Set.copyOf(endIds);
        }

        private boolean isOf(Tokenizer tokenizer, int ids, Set<Integer> endIds) {
            return trie.vocabulary() == Math.min(ids, tokenizer.size()) && this.endIds.equals(endIds);
        }
    }

    /** Vocabularies of the tokenizers in use, since all grammars of a model share one. Guarded by itself. */
    private static final Map<Tokenizer, List<Vocabulary>> VOCABULARIES = new WeakHashMap<>();

    /** Returns the prepared tokens of a tokenizer, the same while the tokenizer is in use. */
    static Vocabulary vocabulary(Tokenizer tokenizer, int ids, Set<Integer> endIds) {
        synchronized (VOCABULARIES) {
            List<Vocabulary> vocabularies = VOCABULARIES.computeIfAbsent(tokenizer, key -> new ArrayList<>(1));
            for (Vocabulary vocabulary : vocabularies) {
                if (vocabulary.isOf(tokenizer, ids, endIds)) {
                    return vocabulary;
                }
            }
            vocabularies.add(new Vocabulary(tokenizer, ids, endIds));
            return vocabularies.getLast();
        }
    }

    /**
     * Creates the grammar over a vocabulary. A text contains only bytes that are tokens by themselves, so that every
     * beginning of a text can be continued; some vocabularies lack tokens for the first bytes of rare planes of
     * Unicode.
     *
     * @throws IllegalArgumentException if no text of the grammar consists of such bytes
     */
    TokenGrammar(Grammar grammar, Vocabulary vocabulary) {
        Objects.requireNonNull(grammar, "grammar");
        Objects.requireNonNull(vocabulary, "vocabulary");
        trie = vocabulary.trie;
        parser = grammar.parser(trie.singleBytes());
        endIds = new BitSet();
        vocabulary.endIds.forEach(endIds::set);
    }

    @Override
    public GrammarMatcher newMatcher() {
        return new GrammarMatcher(this);
    }

    Parser parser() {
        return parser;
    }

    TokenTrie trie() {
        return trie;
    }

    /** Returns the ids that may come next, without a copy. */
    BitSet mask(Parser.State state) {
        BitSet mask = masks.get(state);
        if (mask == null) {
            mask = trie.allowed(parser, state);
            if (state.mayEnd()) {
                mask.or(endIds);
            }
            if (masks.size() >= MAX_MASKS) {
                masks.clear();
            }
            masks.put(state, mask);
        }
        return mask;
    }

    /** Returns true if {@code id} is a token of the grammar's vocabulary. */
    boolean hasText(int id) {
        return id >= 0 && id < trie.vocabulary() && trie.bytes(id) != null && trie.bytes(id).length > 0;
    }

    /** Returns the bytes of a token. */
    byte[] bytes(int id) {
        return trie.bytes(id);
    }

    boolean isEnd(int id) {
        return id >= 0 && endIds.get(id);
    }
}
