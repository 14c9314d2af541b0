package io.github.t6j.kernels;

/**
 * Rows of activations as products with quantised weights take them: in blocks of {@value BlockFormat#SIZE}, the last one
 * padded with zeros, whole numbers from −127 to 127 and a scale. Elements are kept twice in an int, for kernels that
 * multiply two outputs of 16 bits at once.
 *
 * <p>It grows and never shrinks, so that a product allocates nothing once it has seen its largest operands.
 */
public final class RoundedRows {
    /** Below it a block's largest number counts as 0, so that no product is too small for a float. */
    private static final float SMALLEST = 0x1p-64f;

    /** Rows of a tile. */
    public static final int GROUP = 4;

    /** Ints of a row's block. */
    public static final int BLOCK = 2 * BlockFormat.SIZE;

    private static final int SIZE = BlockFormat.SIZE;
    private static final float LARGEST = 127f;
    private static final int INFINITY = 0x7F800000; // bits; those of NaN are above

    /** Rows. */
    public int rows;

    /** Blocks of a row. */
    public int blocks;

    /** Rows whose blocks stand one after the other: {@value #GROUP}, or 1 if there are fewer. */
    public int group;

    /** [rows][blocks]; NaN where a number of the block is not finite. */
    public float[] scales = new float[0];

    /**
     * [rows / group][blocks][group][{@value #BLOCK}], mod 2^16 in both halves of an int. The first 32 are the numbers x, at
     * odd places x1 − 256 · x0: two weights of 8 bits in 16, v = w0 + 256 · w1, then make w0 · x0 + w1 · x1 as
     * v · x0 + w1 · (x1 − 256 · x0), and w0 need not be taken out of v. Behind them, at even places, is what the 128 that is
     * added to w0 in Q8_0 makes, −128 · x0, in the low half with 2^15 added.
     *
     * <p>What a tile of rows takes at a time lies at fixed distances, so that its bounds are checked once.
     */
    public int[] numbers = new int[0];

    /** [rows][blocks]: what the 8 that is added to weights of Q4_0 makes of a block, mod 2^16, in both halves. */
    public int[] eights = new int[0];

    /** {@code rows} rows of {@code inputs} zeros. */
    static RoundedRows zeros(int rows, int inputs) {
        RoundedRows zeros = new RoundedRows();
        zeros.resize(rows, inputs);
        return zeros;
    }

    /** Makes room for {@code newRows} of {@code inputs}. */
    void resize(int newRows, int inputs) {
        rows = newRows;
        blocks = BlockFormat.blocks(inputs);
        group = rows < GROUP ? 1 : GROUP;
        int places = (rows + group - 1) / group * group * blocks * BLOCK;
        if (scales.length < rows * blocks) {
            eights = new int[rows * blocks];
            scales = new float[rows * blocks];
        }
        if (numbers.length < places) {
            numbers = new int[places];
        }
    }

    /** Where the numbers of a row's block begin. */
    public int at(int row, int block) {
        return ((row / group * blocks + block) * group + row % group) * BLOCK;
    }

    /** A block's scale; {@code largest} is the bits of its largest magnitude. */
    public static float scale(int largest) {
        float magnitude = Float.intBitsToFloat(largest);
        return largest >= INFINITY ? Float.NaN : magnitude < SMALLEST ? 0f : magnitude / LARGEST;
    }

    /** What a block's elements are multiplied by before they are rounded. */
    public static float inverse(int largest) {
        float magnitude = Float.intBitsToFloat(largest);
        return largest >= INFINITY || magnitude < SMALLEST ? 0f : LARGEST / magnitude;
    }

    /** {@code number}, mod 2^16, in both halves of an int. */
    public static int twin(int number) {
        return number << 16 | number & 0xFFFF;
    }

    /** Rounds {@code count} elements, at most a block of them, as block {@code block} of row {@code row}. */
    public void round(float[] x, int at, int count, int row, int block) {
        int largest = 0;
        for (int i = 0; i < count; i++) {
            largest = Math.max(largest, Float.floatToRawIntBits(x[at + i]) & Integer.MAX_VALUE);
        }
        float inverse = inverse(largest);
        int to = at(row, block);
        int sum = 0;
        int even = 0; // the number before an odd place
        for (int i = 0; i < SIZE; i++) {
            float scaled = i < count ? x[at + i] * inverse : 0f;
            int number = (int) (scaled + ScalarKernels.ROUNDING - ScalarKernels.ROUNDING);
            numbers[to + i] = twin(number - 256 * even);
            even = i % 2 == 0 ? number : 0;
            numbers[to + SIZE + i] = twin(-128 * even) ^ 0x8000;
            sum += number;
        }
        scales[row * blocks + block] = scale(largest);
        eights[row * blocks + block] = twin(-8 * sum);
    }

    /** A whole number. */
    int number(int row, int input) {
        int at = at(row, input / SIZE) + input % SIZE;
        return (short) (input % 2 == 0 ? numbers[at] : numbers[at] + 256 * numbers[at - 1]);
    }
}
