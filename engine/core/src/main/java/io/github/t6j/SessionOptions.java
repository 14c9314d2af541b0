package io.github.t6j;

import java.util.Objects;

/** Options of a session, immutable: {@link #defaults} and the methods that change one of them in a copy. */
public final class SessionOptions {
    private static final SessionOptions DEFAULTS = new SessionOptions(new Values(0, CacheType.F32, false));

    private final Values values;

    /** @param materialized true if the oracle computes attention, which only {@code AttentionPath} sets */
    private record Values(int contextLength, CacheType cacheType, boolean materialized) {
        Values {
            Objects.requireNonNull(cacheType, "cacheType");
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
     * instead of a cache; it is always f32.
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

    /** Returns the defaults: the model's context length and an f32 cache. */
    public static SessionOptions defaults() {
        return DEFAULTS;
    }

    /** Returns the number of ids that the session has room for, or 0 for the model's or what memory holds. */
    public int contextLength() {
        return values.contextLength;
    }

    /** Returns the type of the cached elements. */
    public CacheType cacheType() {
        return values.cacheType;
    }

    /**
     * Returns these options with another context length; 0 for the model's. It may exceed the length that the model was
     * trained on.
     *
     * @throws IllegalArgumentException if {@code contextLength} is negative
     */
    public SessionOptions withContextLength(int contextLength) {
        return new SessionOptions(new Values(contextLength, values.cacheType, values.materialized));
    }

    /** Returns these options with another cache type. */
    public SessionOptions withCacheType(CacheType cacheType) {
        return new SessionOptions(new Values(values.contextLength, cacheType, values.materialized));
    }

    /** Returns true if the oracle computes attention. */
    boolean materialized() {
        return values.materialized;
    }

    /** Returns these options with attention computed by the oracle if {@code materialized}. */
    SessionOptions withMaterialized(boolean materialized) {
        return new SessionOptions(new Values(values.contextLength, values.cacheType, materialized));
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
