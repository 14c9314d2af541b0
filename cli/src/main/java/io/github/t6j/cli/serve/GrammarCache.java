package io.github.t6j.cli.serve;

import io.github.t6j.Model;
import io.github.t6j.grammar.Grammar;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/** Grammars of recent requests by their text: a grammar keeps what it has computed. For any number of threads. */
final class GrammarCache {
    /** Most kept grammars; each may keep some thousand masks of the vocabulary. */
    static final int MOST = 16;
    /** Longest text that is kept, in characters. */
    static final int LONGEST = 1 << 16;

    private final Model model;
    private final Map<String, Grammar> grammars = new LinkedHashMap<>(MOST, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Grammar> eldest) {
            return size() > MOST;
        }
    };

    GrammarCache(Model model) {
        this.model = model;
    }

    /**
     * Returns the grammar of {@code text}, which {@code make} makes if it is new.
     *
     * @param field name of the field in errors
     * @throws ApiException if the grammar is malformed, not supported, or not possible with the model's tokens
     */
    Grammar get(String field, String text, Supplier<Grammar> make) {
        synchronized (grammars) {
            Grammar known = grammars.get(text);
            if (known != null) {
                return known;
            }
        }
        Grammar made; // outside, so that it delays no other request
        try {
            made = make.get();
            model.tokenGrammar(made);
        } catch (IllegalArgumentException e) {
            throw ApiException.invalid(field, field + ": " + e.getMessage());
        }
        if (text.length() > LONGEST) {
            return made;
        }
        synchronized (grammars) {
            Grammar first = grammars.putIfAbsent(text, made);
            return first == null ? made : first;
        }
    }

    /** Returns the number of kept grammars. */
    int size() {
        synchronized (grammars) {
            return grammars.size();
        }
    }
}
