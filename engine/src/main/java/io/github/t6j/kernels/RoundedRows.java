package io.github.t6j.kernels;

/**
 * Rows of activations as products with quantised weights take them: in blocks of {@value BlockFormat#SIZE}, padded with
 * zeros, whole numbers from −127 to 127 and a scale. In which form the numbers are there depends on how many rows there
 * are: for a {@linkplain #FEW few}, that of matrix × vector in integers; for more, floats for matrix × matrix.
 *
 * <p>It grows and never shrinks, so that a product allocates nothing once it has seen its largest operands.
 */
public final class RoundedRows {
    /** Rows that are multiplied one by one: for so few it does not pay to make floats of the weights. */
    public static final int FEW = 4;

    /** Below it a block's largest number counts as 0, so that nothing is lost to numbers too small for a float. */
    public static final float SMALLEST = 0x1p-64f;

    private static final int SIZE = BlockFormat.SIZE;
    private static final float LARGEST = 127f;
    private static final int INFINITY = 0x7F800000; // bits; those of NaN are above

    /** Rows. */
    public int rows;

    /** Blocks of a row. */
    public int blocks;

    /** Whether the rows are {@link #FEW} or less. */
    public boolean few;

    /** [rows][blocks]; NaN where a number of the block is not finite. */
    public float[] scales = new float[0];

    /** [rows][blocks][32], few rows: each number in both halves of an int. */
    public int[] twins = new int[0];

    /**
     * [rows][blocks][32], few rows, every second place: what the 128 that is added to weights of Q8_0 makes of two
     * inputs, −128 · (x0 + x1), mod 2^16 in the high half of an int; in the low half with 2^15 added.
     */
    public int[] pairs = new int[0];

    /** [rows][blocks], few rows: what the 8 that is added to weights of Q4_0 makes of a block, in both halves. */
    public int[] eights = new int[0];

    /** [rows][blocks][32], more rows; there is room to the next multiple of four rows. */
    public float[] numbers = new float[0];

    /** Makes room for {@code newRows} of {@code inputs}. */
    void resize(int newRows, int inputs) {
        rows = newRows;
        blocks = BlockFormat.blocks(inputs);
        few = rows <= FEW;
        int room = (few ? rows : (rows + 3) / 4 * 4) * blocks;
        if (scales.length < room) {
            scales = new float[room];
        }
        if (few && eights.length < room) {
            eights = new int[room];
            twins = new int[room * SIZE];
            pairs = new int[room * SIZE];
        }
        if (!few && numbers.length < room * SIZE) {
            numbers = new float[room * SIZE];
        }
    }

    /** A block's scale; {@code largest} is the bits of its largest magnitude. */
    public static float scale(int largest) {
        float magnitude = Float.intBitsToFloat(largest);
        return largest >= INFINITY ? Float.NaN : magnitude < SMALLEST ? 0f : magnitude / LARGEST;
    }

    /** What a block's numbers are multiplied by before they are rounded. */
    public static float inverse(int largest) {
        float magnitude = Float.intBitsToFloat(largest);
        return largest >= INFINITY || magnitude < SMALLEST ? 0f : LARGEST / magnitude;
    }

    /** Rounds {@code count} numbers, at most a block of them, as block {@code block} of row {@code row}. */
    public void round(float[] x, int at, int count, int row, int block) {
        int largest = 0;
        for (int i = 0; i < count; i++) {
            largest = Math.max(largest, Float.floatToRawIntBits(x[at + i]) & Integer.MAX_VALUE);
        }
        float inverse = inverse(largest);
        int place = row * blocks + block;
        scales[place] = scale(largest);
        int sum = 0;
        int previous = 0;
        for (int i = 0; i < SIZE; i++) {
            float scaled = i < count ? x[at + i] * inverse : 0f;
            float rounded = scaled + ScalarKernels.ROUNDING - ScalarKernels.ROUNDING;
            if (!few) {
                numbers[place * SIZE + i] = rounded;
                continue;
            }
            int number = (int) rounded;
            twins[place * SIZE + i] = twin(number);
            if (i % 2 == 1) {
                pairs[place * SIZE + i - 1] = twin(-128 * (previous + number)) ^ 0x8000;
            }
            previous = number;
            sum += number;
        }
        if (few) {
            eights[place] = twin(-8 * sum);
        }
    }

    /** {@code number}, mod 2^16, in both halves of an int. */
    public static int twin(int number) {
        return number << 16 | number & 0xFFFF;
    }

    /** A whole number. */
    int number(int row, int input) {
        int at = row * blocks * SIZE + input;
        return few ? (short) twins[at] : (int) numbers[at];
    }
}
