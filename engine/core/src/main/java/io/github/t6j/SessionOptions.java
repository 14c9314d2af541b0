package io.github.t6j;

import java.util.Objects;

/** Options of a session, immutable: {@link #defaults} and the methods that change one of them in a copy. */
public final class SessionOptions {
    private final Values values;

    private record Values(int contextLength, AttentionPath path, CacheType cacheType) {
        Values {
            if (contextLength < 0) {
                throw new IllegalArgumentException(
                        "contextLength: expected 0 (the model's) or more, found " + contextLength);
            }
        }
    }

    private SessionOptions(Values values) {
        this.values = values;
    }

    /**
     * Type of the elements of a cache. Attention computes in f32 with every type. Linear attention has a running sum
     * instead of a cache, which is always f32.
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

    /** Returns the defaults: the model's context length, the factored path, an f32 cache. */
    public static SessionOptions defaults() {
        return new SessionOptions(new Values(0, AttentionPath.FACTORED, CacheType.F32));
    }

    /**
     * Returns the number of ids that the session has room for, or 0 for the model's context length, or less if memory
     * is short.
     */
    public int contextLength() {
        return values.contextLength;
    }

    /** Returns the algorithm that computes attention. */
    public AttentionPath path() {
        return values.path;
    }

    /** Returns the type of the cached elements. */
    public CacheType cacheType() {
        return values.cacheType;
    }

    /**
     * Returns these options with another context length; 0 for the model's. More than the model's is allowed, but the
     * model was not trained on it.
     *
     * @throws IllegalArgumentException if {@code contextLength} is negative
     */
    public SessionOptions withContextLength(int contextLength) {
        return new SessionOptions(new Values(contextLength, values.path, values.cacheType));
    }

    /** Returns these options with another algorithm for attention. */
    public SessionOptions withPath(AttentionPath path) {
        Objects.requireNonNull(path, "path");
        return new SessionOptions(new Values(values.contextLength, path, values.cacheType));
    }

    /** Returns these options with another cache type. */
    public SessionOptions withCacheType(CacheType cacheType) {
        Objects.requireNonNull(cacheType, "cacheType");
        return new SessionOptions(new Values(values.contextLength, values.path, cacheType));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof SessionOptions options && values.equals(options.values);
    }

    @Override
    public int hashCode() {
        return values.hashCode();
    }

    @Override
    public String toString() {
        return values.toString().replaceFirst("Values", "SessionOptions");
    }
}
