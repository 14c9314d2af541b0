package io.github.t6j;

/**
 * How a session computes.
 *
 * @param contextLength ids that the session has room for; 0: the model's own context length, or
 *     what memory holds, if that is less. More is allowed: the model was not trained on it.
 * @param path how attention is computed
 * @param cacheType how the cache stores its elements
 */
public record SessionOptions(int contextLength, Path path, CacheType cacheType) {

    /** The two ways to the same attention. */
    public enum Path {
        /** FlashTPA: straight from the cached factors. */
        FACTORED,
        /** The oracle: K and V are rebuilt from the cache for every step. Slow. */
        MATERIALIZED
    }

    /**
     * How the elements of a cache are stored. Attention computes in f32 with all types. ADR 13 has the error of each. Linear
     * attention has no cache but a running sum, which is f32 always.
     */
    public enum CacheType {
        /** 32 bits: as computed. */
        F32(4),
        /** IEEE half precision; the slowest, as the JDK has no vectors of them. */
        F16(2),
        /** The upper half of f32: half the memory, as fast or faster. */
        BF16(2),
        /** 8 bits, with a scale for each row of a factor, or for each head of keys and values: about a quarter. */
        Q8(1);

        private final int elementBytes;

        CacheType(int elementBytes) {
            this.elementBytes = elementBytes;
        }

        /** Bytes of a number, without scales and padding. */
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

    /** The model's context length, factored, an f32 cache. */
    public static SessionOptions defaults() {
        return new SessionOptions(0, Path.FACTORED, CacheType.F32);
    }

    /** These options with room for another number of ids. */
    public SessionOptions withContextLength(int newContextLength) {
        return new SessionOptions(newContextLength, path, cacheType);
    }

    /** These options with another way of computing attention. */
    public SessionOptions withPath(Path newPath) {
        return new SessionOptions(contextLength, newPath, cacheType);
    }

    /** These options with another type of cache. */
    public SessionOptions withCacheType(CacheType newCacheType) {
        return new SessionOptions(contextLength, path, newCacheType);
    }
}
