package io.github.t6j.kernels;

import java.util.Set;

/**
 * Rows of activations, rounded for products with quantised weights: blocks of {@value BlockFormat#SIZE} integers from
 * −127 to 127 with a scale, the last block padded with zeros. An int holds each element twice, because kernels multiply
 * two 16-bit outputs at once.
 *
 * <p>The arrays grow and never shrink, so a product allocates nothing once it has seen its largest operands.
 */
public class RoundedRows {
    /** Limit below which the largest magnitude of a block counts as 0, so that no product underflows a float. */
    private static final float MIN_MAGNITUDE = 0x1p-64f;

    /** Number of rows in a tile. */
    public static final int GROUP = 4;

    /** Number of ints in a block of a row. */
    public static final int BLOCK = 2 * BlockFormat.SIZE;

    private static final int SIZE = BlockFormat.SIZE;
    private static final float MAX_QUANT = 127f;
    private static final int INFINITY = 0x7F800000; // as bits; NaN's are greater

    /** Number of rows. */
    public int rows;

    /** Number of blocks in a row. */
    public int blocks;

    /** Number of rows whose blocks are interleaved: {@value #GROUP}, or 1 if there are fewer rows. */
    public int group;

    /** Scales, [rows][blocks]; NaN if an element of the block is not finite. */
    public float[] scales = new float[0];

    /**
     * Rounded elements (GGML's quants), [rows / group][blocks][group][{@value #BLOCK}], mod 2^16 in both halves of an
     * int. The first 32 are the integers x, at odd indices x1 − 256 · x0. Two 8-bit weights in 16 bits, v = w0 + 256 ·
     * w1, then give w0 · x0 + w1 · x1 as v · x0 + w1 · (x1 − 256 · x0), without unpacking w0 from v. The second 32
     * hold, at even indices, the correction −128 · x0 for the 128 that Q8_0 adds to w0, the low half plus 2^15.
     *
     * <p>The blocks that a tile of rows reads at a time are at fixed distances, so their bounds are checked once.
     */
    public int[] quants = new int[0];

    /** Corrections for the 8 that Q4_0 adds to its weights, [rows][blocks], mod 2^16 in both halves of an int. */
    public int[] eights = new int[0];

    /**
     * Start values of sums of 16 bits for {@link KQuantFormat}s of 4, 5 and 6 bits, [rows][blocks][{@value
     * BlockFormat#SIZE} / {@link KQuantFormat#exact}]: −zero times the sum of the integers that a sum covers, mod 2^16
     * in both halves of an int, with 2^15 added in the low half. Only those of {@link #resize}'s formats are computed.
     */
    public final int[][] starts = new int[3][0];

    /** Sums of the rounded elements of a block, [rows][blocks]; for {@link KQuantFormat}. */
    public float[] totals = new float[0];

    private Set<KQuantFormat> formats = Set.of();

    /** Returns {@code rows} rows of {@code inputs} zeros, for products with {@code formats}. */
    public static RoundedRows zeros(int rows, int inputs, KQuantFormat... formats) {
        RoundedRows zeros = new RoundedRows();
        zeros.resize(rows, inputs, null, Set.of(formats));
        return zeros;
    }

    /** Number of the form of {@link QuantizedProducts}. */
    public static final int NATIVE = 2;

    /** Returns the number of the form in which rows are stored, if the kernels have several. */
    public int form() {
        return 0;
    }

    /**
     * Returns the number of consecutive panels that a thread should multiply at once, if it can.
     *
     * @param format as in {@link #resize}
     */
    public int panelsAtOnce(BlockFormat format, int count) {
        return 1;
    }

    /**
     * Makes room for {@code newRows} rows of {@code inputs}, and for the sums that {@link #addSums} computes.
     *
     * @param format format of all weights, or null if they have several or are K-quants
     * @param newFormats formats of K-quants among them
     */
    public void resize(int newRows, int inputs, BlockFormat format, Set<KQuantFormat> newFormats) {
        rows = newRows;
        blocks = BlockFormat.blocks(inputs);
        group = rows < GROUP ? 1 : GROUP;
        formats = newFormats;
        if (scales.length < rows * blocks) {
            eights = new int[rows * blocks];
            scales = new float[rows * blocks];
        }
        growElements();
        for (KQuantFormat kQuants : formats) {
            int parts = rows * blocks * SIZE / kQuants.exact();
            if (starts[kQuants.bits() - 4].length < parts) {
                starts[kQuants.bits() - 4] = new int[parts];
            }
            if (totals.length < rows * blocks) {
                totals = new float[rows * blocks];
            }
        }
    }

    /** Makes room for the rounded elements. */
    protected void growElements() {
        int places = (rows + group - 1) / group * group * blocks * BLOCK;
        quants = quants.length < places ? new int[places] : quants;
    }

    /** Computes {@link #starts} and {@link #totals} of a row that is rounded. */
    protected void addSums(int row) {
        for (KQuantFormat format : formats) {
            for (int block = 0; block < blocks; block++) {
                addSums(row, block, format);
            }
        }
    }

    private void addSums(int row, int block, KQuantFormat format) {
        int exact = format.exact();
        int place = row * blocks + block;
        int to = place * SIZE / exact;
        int total = 0;
        for (int k = at(row, block), last = k + SIZE; k < last;) {
            int sum = 0;
            for (int end = k + exact; k < end; k += 8) {
                sum += sumOfEight(k);
            }
            starts[format.bits() - 4][to++] = inBothHalves(-format.zero() * sum) ^ 0x8000;
            total += sum;
        }
        totals[place] = total * scales[place];
    }

    /** Returns the sum of eight integers: mod 2^16, those at odd indices lack 256 times the one before. */
    private int sumOfEight(int k) {
        int even = quants[k] + quants[k + 2] + quants[k + 4] + quants[k + 6];
        int odd = quants[k + 1] + quants[k + 3] + quants[k + 5] + quants[k + 7];
        return (short) (257 * even + odd);
    }

    /** Returns the index at which a block of a row begins in {@link #quants}. */
    public final int at(int row, int block) {
        return ((row / group * blocks + block) * group + row % group) * BLOCK;
    }

    /** Returns the scale of a block whose largest magnitude has the bits {@code largest}. */
    public static float scale(int largest) {
        float magnitude = Float.intBitsToFloat(largest);
        return largest >= INFINITY ? Float.NaN : magnitude < MIN_MAGNITUDE ? 0f : magnitude / MAX_QUANT;
    }

    /** Returns the factor by which the elements of a block are multiplied before rounding. */
    public static float inverse(int largest) {
        float magnitude = Float.intBitsToFloat(largest);
        return largest >= INFINITY || magnitude < MIN_MAGNITUDE ? 0f : MAX_QUANT / magnitude;
    }

    /** Returns {@code number} mod 2^16 in both halves of an int. */
    public static int inBothHalves(int number) {
        return number << 16 | number & 0xFFFF;
    }

    /** Rounds {@code count} elements, at most one block, into block {@code block} of row {@code row}. */
    public final void round(float[] x, int at, int count, int row, int block) {
        int largest = 0;
        for (int i = 0; i < count; i++) {
            largest = Math.max(largest, Float.floatToRawIntBits(x[at + i]) & Integer.MAX_VALUE);
        }
        scales[row * blocks + block] = scale(largest);
        store(x, at, count, inverse(largest), row, block);
    }

    /** Stores the elements of a block, times {@code inverse}, as integers. */
    protected void store(float[] x, int at, int count, float inverse, int row, int block) {
        int to = at(row, block);
        int sum = 0;
        int even = 0; // the integer before an odd index
        for (int i = 0; i < SIZE; i++) {
            int number = i < count ? (int) rounded(x[at + i] * inverse) : 0;
            quants[to + i] = inBothHalves(number - 256 * even);
            even = i % 2 == 0 ? number : 0;
            quants[to + SIZE + i] = inBothHalves(-128 * even) ^ 0x8000;
            sum += number;
        }
        eights[row * blocks + block] = inBothHalves(-8 * sum);
    }

    /** Returns the nearest integer, halves to even. */
    protected static float rounded(float scaled) {
        return scaled + Exp2.ROUNDING - Exp2.ROUNDING;
    }

    /** Returns a rounded element. */
    public int quant(int row, int input) {
        int at = at(row, input / SIZE) + input % SIZE;
        return (short) (input % 2 == 0 ? quants[at] : quants[at] + 256 * quants[at - 1]);
    }
}
