package io.github.t6j.attention;

/** Attention that can rebuild whole queries, keys and values from a row of projections, as linear attention needs. */
public interface DenseHeads extends Attention {
    /**
     * Returns the number of key and value heads, g, a divisor of {@link #heads()}; h/g consecutive query heads share
     * each.
     */
    int keyValueHeads();

    /** Writes the query of query head {@code head} to {@code q} [headDim] from {@code qAt}. */
    void query(float[] projections, int at, int head, float[] q, int qAt);

    /** Writes the key of key head {@code head} to {@code k} [headDim]. */
    void key(float[] projections, int at, int head, float[] k);

    /** Writes the value of value head {@code head} to {@code v} [headDim]. */
    void value(float[] projections, int at, int head, float[] v);
}
