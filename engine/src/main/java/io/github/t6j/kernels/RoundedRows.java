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

    private static final int SIZE = BlockFormat.SIZE;
    private static final float LARGEST = 127f;
    private static final int INFINITY = 0x7F800000; // bits; those of NaN are above

    /** Rows. */
    public int rows;

    /** Blocks of a row. */
    public int blocks;

    /** From a row's elements to the next's: a cache line more than they are, as powers of two share cache sets. */
    public int stride;

    /** [rows][blocks]; NaN where a number of the block is not finite. */
    public float[] scales = new float[0];

    /** [rows][blocks · 32]: each number, mod 2^16, in both halves of an int. */
    public int[] twins = new int[0];

    /**
     * [rows][blocks · 32], every second place: what the 128 that is added to weights of Q8_0 makes of two inputs,
     * −128 · (x0 + x1), mod 2^16, in the high half of an int; in the low half with 2^15 added.
     */
    public int[] pairs = new int[0];

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
        stride = blocks * SIZE + 16;
        if (scales.length < rows * blocks) {
            scales = new float[rows * blocks];
            eights = new int[rows * blocks];
        }
        if (twins.length < rows * stride) {
            twins = new int[rows * stride];
            pairs = new int[rows * stride];
        }
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
        int to = row * stride + block * SIZE;
        int sum = 0;
        int previous = 0;
        for (int i = 0; i < SIZE; i++) {
            float scaled = i < count ? x[at + i] * inverse : 0f;
            int number = (int) (scaled + ScalarKernels.ROUNDING - ScalarKernels.ROUNDING);
            twins[to + i] = twin(number);
            if (i % 2 == 1) {
                pairs[to + i - 1] = twin(-128 * (previous + number)) ^ 0x8000;
            }
            previous = number;
            sum += number;
        }
        scales[row * blocks + block] = scale(largest);
        eights[row * blocks + block] = twin(-8 * sum);
    }

    /** A whole number. */
    int number(int row, int input) {
        return (short) twins[row * stride + input];
    }
}
