package io.github.t6j.attention;

/** An attention whose queries, keys and values can be had whole from a row of projections: what linear attention sums. */
public interface DenseHeads extends Attention {
    /** Heads of keys and values, g, a divisor of {@link #heads()}: each serves as many consecutive query heads. */
    int keyValueHeads();

    /** The query of query head {@code head}, to {@code q} [headDim] from {@code qAt}. */
    void query(float[] projections, int at, int head, float[] q, int qAt);

    /** The key of key head {@code head}, to {@code k} [headDim]. */
    void key(float[] projections, int at, int head, float[] k);

    /** The value of value head {@code head}, to {@code v} [headDim]. */
    void value(float[] projections, int at, int head, float[] v);
}
