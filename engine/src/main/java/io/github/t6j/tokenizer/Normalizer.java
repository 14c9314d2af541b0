package io.github.t6j.tokenizer;

/** Rewrites text before it is split. */
@FunctionalInterface
interface Normalizer {
    String apply(String text);

    /** {@code prefix} before every text that is not empty. */
    static Normalizer prepend(String prefix) {
        return text -> text.isEmpty() ? text : prefix + text;
    }

    /** {@code content} for every {@code pattern}, as it is written. */
    static Normalizer replace(String pattern, String content) {
        return text -> text.replace(pattern, content);
    }
}
