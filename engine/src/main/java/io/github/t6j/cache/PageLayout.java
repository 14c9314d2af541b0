package io.github.t6j.cache;

import static io.github.t6j.kernels.Kernels.LANES;
import static io.github.t6j.kernels.Kernels.PANEL;

/**
 * What one layer keeps of {@value io.github.t6j.kernels.Kernels#PANEL} tokens, a page, in the order in which attention
 * reads it. A token's numbers are of two kinds: those that are multiplied with a query (and the head factors, which
 * scale the products) stand in <em>columns</em>, a panel of tokens a number, so that lanes are tokens; those that are
 * summed into an output stand in <em>rows</em>, so that lanes are output numbers.
 *
 * <pre>
 *   byte 0           [columns][64]        number c of token t at 4·(c·64 + t)
 *   byte 256·columns [groups][64][width]  number i of token t in group g at … + 4·((g·64 + t)·width + i)
 *   then             64 bytes of slack if width is no multiple of 16: the last row is read in whole vectors
 * </pre>
 *
 * {@link FactorCache}, {@link HeadCache} and {@link LatentCache} say which numbers these are.
 *
 * @param columns numbers of a token that stand in columns
 * @param groups rows that a token has
 * @param width numbers in each of them
 */
public record PageLayout(int columns, int groups, int width) {
    /** Tokens in a page. */
    public static final int TOKENS = PANEL;

    /** Numbers that a token takes. */
    public int numbersPerToken() {
        return columns + groups * width;
    }

    /** Byte at which column {@code column} begins. */
    public long columnAt(int column) {
        return (long) column * PANEL * Float.BYTES;
    }

    /** Byte at which the rows of {@code group} begin. */
    public long rowsAt(int group) {
        return columnAt(columns) + (long) group * PANEL * width * Float.BYTES;
    }

    /** Bytes of a page. */
    public long bytes() {
        return rowsAt(groups) + (width % LANES == 0 ? 0 : LANES * Float.BYTES);
    }
}
