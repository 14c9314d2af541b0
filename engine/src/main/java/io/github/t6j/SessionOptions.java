package io.github.t6j;

/**
 * Options of a session.
 *
 * @param contextLength number of ids that the session has room for, or 0 for the model's context length, or less if
 *     memory is short. More is allowed, but the model was not trained on it.
 * @param path algorithm that computes attention
 * @param cacheType type of the cached elements
 */
public record SessionOptions(int contextLength, Path path, CacheType cacheType) {

    /** Algorithm that computes attention. Both give the same results up to rounding. */
    public enum Path {
        /** FlashTPA: directly from the cached factors. */
        FACTORED,
        /** Oracle in float64: rebuilds K and V from the cache in every step. Slow. */
        MATERIALIZED
    }

    /**
     * Type of the elements of a cache. Attention computes in f32 with every type. ADR 13 gives the error of each type.
     * Linear attention has a running sum instead of a cache, which is always f32.
     */
    public enum CacheType {
        /** 32 bits, as computed. */
        F32(4),
        /** IEEE half precision; the slowest type, since the JDK has no half-precision vectors. */
        F16(2),
        /** Upper half of f32: half the memory, as fast or faster. */
        BF16(2),
        /**
         * 8 bits, with a scale for each row of a factor, or for each head of keys and values: about a quarter of the
         * memory.
         */
        Q8(1);

        private final int elementBytes;

        CacheType(int elementBytes) {
            this.elementBytes = elementBytes;
        }

        /** Returns the bytes of an element, without scales and padding. */
        public int elementBytes() {
            return elementBytes;
        }
    }

    /** @throws IllegalArgumentException if {@code contextLength} is negative */
    public SessionOptions {
        if (contextLength < 0) {
            throw new IllegalArgumentException(
                    "contextLength: expected 0 (the model's) or more, found " + contextLength);
        }
    }

    /** Returns the defaults: the model's context length, the factored path, an f32 cache. */
    public static SessionOptions defaults() {
        return new SessionOptions(0, Path.FACTORED, CacheType.F32);
    }

    /** Returns these options with another context length. */
    public SessionOptions withContextLength(int newContextLength) {
        return new SessionOptions(newContextLength, path, cacheType);
    }

    /** Returns these options with another algorithm for attention. */
    public SessionOptions withPath(Path newPath) {
        return new SessionOptions(contextLength, newPath, cacheType);
    }

    /** Returns these options with another cache type. */
    public SessionOptions withCacheType(CacheType newCacheType) {
        return new SessionOptions(contextLength, path, newCacheType);
    }
}
