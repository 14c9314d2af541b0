package io.github.t6j;

/**
 * How a session computes.
 *
 * @param contextLength ids that the session has room for; 0: the model's own context length. More is allowed: the
 *     model was not trained on it.
 * @param path how attention is computed
 */
public record SessionOptions(int contextLength, Path path) {

    /** The two ways to the same attention. */
    public enum Path {
        /** FlashTPA: straight from the cached factors. */
        FACTORED,
        /** The oracle: K and V are rebuilt from the cache for every step. Slow. */
        MATERIALIZED
    }

    /** @throws IllegalArgumentException if {@code contextLength} is negative */
    public SessionOptions {
        if (contextLength < 0) {
            throw new IllegalArgumentException(
                    "contextLength: expected 0 (the model's) or more, found " + contextLength);
        }
    }

    /** The model's context length, factored. */
    public static SessionOptions defaults() {
        return new SessionOptions(0, Path.FACTORED);
    }

    /** These options with room for another number of ids. */
    public SessionOptions withContextLength(int newContextLength) {
        return new SessionOptions(newContextLength, path);
    }

    /** These options with another way of computing attention. */
    public SessionOptions withPath(Path newPath) {
        return new SessionOptions(contextLength, newPath);
    }
}
