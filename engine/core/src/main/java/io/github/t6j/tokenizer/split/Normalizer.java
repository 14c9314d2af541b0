package io.github.t6j.tokenizer.split;

/** Rewrites text before it is split. */
@FunctionalInterface
public interface Normalizer {
    String apply(String text);

    /** Returns a normalizer that puts {@code prefix} before every text that is not empty. */
    static Normalizer prepend(String prefix) {
        return text -> text.isEmpty() ? text : prefix + text;
    }

    /** Returns a normalizer that replaces every {@code pattern}, a literal string, by {@code content}. */
    static Normalizer replace(String pattern, String content) {
        return text -> text.replace(pattern, content);
    }
}
