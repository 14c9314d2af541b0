package io.github.t6j.cli.serve;

import io.github.t6j.Model;
import io.github.t6j.grammar.Grammar;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * Grammars of recent requests by the texts that define them, kept because a grammar caches what it computes.
 * Thread-safe.
 */
final class GrammarCache {
    /** Maximum number of kept grammars; each may keep some thousand masks of the vocabulary. */
    static final int MAX_GRAMMARS = 16;
    /** Length of the longest key that is kept, in characters. */
    static final int LONGEST_KEPT = 1 << 16;
    /** Length of the longest key, in characters. */
    static final int LONGEST = 1 << 19;
    /** Longest time to prepare a grammar. */
    private static final Duration LONGEST_TIME = Duration.ofSeconds(5);

    private final Model model;
    private final Preparation preparation = new Preparation("forms of answers");
    private final Map<List<String>, Grammar> grammars = new LinkedHashMap<>(MAX_GRAMMARS, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<List<String>, Grammar> eldest) {
            return size() > MAX_GRAMMARS;
        }
    };

    GrammarCache(Model model) {
        this.model = model;
    }

    /**
     * Returns the grammar of {@code key}; {@code make} creates a new one.
     *
     * @param field name of the field in errors
     * @param key kind of the grammar, and all texts that define it
     * @throws ApiException if the grammar is malformed, not supported, or not possible with the model's tokens
     */
    Grammar get(String field, List<String> key, Supplier<Grammar> make) {
        synchronized (grammars) {
            Grammar known = grammars.get(key);
            if (known != null) {
                return known;
            }
        }
        int length = key.stream().mapToInt(String::length).sum();
        if (length > LONGEST) {
            throw ApiException.invalid(field, field + ": expected at most " + LONGEST
                    + " characters, found " + length);
        }
        Grammar made = made(field, make);
        if (length > LONGEST_KEPT) {
            return made;
        }
        synchronized (grammars) {
            Grammar first = grammars.putIfAbsent(key, made);
            return first == null ? made : first;
        }
    }

    private Grammar made(String field, Supplier<Grammar> make) {
        try {
            return preparation.run(() -> {
                Grammar grammar = make.get();
                model.tokenGrammar(grammar);
                return grammar;
            }, LONGEST_TIME);
        } catch (IllegalArgumentException e) {
            throw ApiException.invalid(field, field + ": " + e.getMessage());
        } catch (TimeoutException e) {
            throw ApiException.invalid(field, field + ": expected a form that is prepared within "
                    + LONGEST_TIME.toSeconds() + " s, found a larger one: simplify it");
        }
    }

    /** Returns the number of kept grammars. */
    int size() {
        synchronized (grammars) {
            return grammars.size();
        }
    }
}
