package io.github.t6j.kernels;

import io.github.t6j.weights.DType;
import io.github.t6j.weights.KQuantBlock;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Layout of a panel of K-quants, or of the GGML types of 4 and 5 bits before those: consecutive super-blocks of
 * {@value #SUPER} inputs × {@value Kernels#PANEL} outputs, each of up to eight blocks of {@value BlockFormat#SIZE}
 * inputs. All consist of rows of 16 bits per output, in the order that {@link BlockFormat} draws.
 *
 * <pre>
 *   super-block   Q4_K, Q5_K   scale f16; min f16; blocks         Q6_K   scale f16; blocks         others   blocks
 *
 *   block   Q4_1, Q5_1   scale f16; min f16; elements      Q4_K, Q5_K   s, m in a byte each; elements
 *           Q5_0         scale f16; elements               Q6_K         s of 16 inputs in a byte, 128 added; elements
 *
 *   elements   of 4 bits   4 inputs in a row of nibbles: from the lowest bits the first, the third, the second, the fourth
 *              of 5 bits   16 inputs in a row of high bits, from the lowest the even inputs, the odd ones; 4 rows of nibbles
 *              of 6 bits   8 inputs likewise in a row of two high bits each; 2 rows of nibbles
 * </pre>
 *
 * Sizes are those on disk, save that s and m of Q4_K and Q5_K take 8 bits instead of 6.
 *
 * <p>Products use weights of the form scale · (q − zero) + offset, where zero is half the range of q. The sum of {@link
 * #exact} products of q − zero and rounded activations then fits in 16 bits.
 */
public enum KQuantFormat {
    Q4_1(DType.Q4_1, 4, 0, 2), Q5_0(DType.Q5_0, 5, 0, 1), Q5_1(DType.Q5_1, 5, 0, 2),
    Q4_K(DType.Q4_K, 4, 2, 1), Q5_K(DType.Q5_K, 5, 2, 1), Q6_K(DType.Q6_K, 6, 1, 1);

    /** Number of inputs in a super-block. */
    public static final int SUPER = KQuantBlock.SIZE;

    /** Number of blocks in a super-block. */
    public static final int BLOCKS = SUPER / BlockFormat.SIZE;

    /** Number of bytes in a row. */
    public static final int ROW = BlockFormat.ROW;

    private static final int PANEL = Kernels.PANEL;
    private static final int SIZE = BlockFormat.SIZE;
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final DType dtype;
    private final int bits;
    private final int superRows;
    private final int scaleRows;

    KQuantFormat(DType dtype, int bits, int superRows, int scaleRows) {
        this.dtype = dtype;
        this.bits = bits;
        this.superRows = superRows;
        this.scaleRows = scaleRows;
    }

    /** Returns the format of matrices of {@code dtype}, or null if this class does not describe them. */
    static KQuantFormat of(DType dtype) {
        for (KQuantFormat format : values()) {
            if (format.dtype == dtype) {
                return format;
            }
        }
        return null;
    }

    /** Returns the type of the weights on disk. */
    DType dtype() {
        return dtype;
    }

    /** Returns the number of bits of an integer q. */
    public int bits() {
        return bits;
    }

    /** Returns the integer that is subtracted from each q: half its range. */
    public int zero() {
        return 1 << bits - 1;
    }

    /** Returns the number of products that a sum of 16 bits holds; for 5 and 6 bits, half of those with one scale. */
    public int exact() {
        return SIZE >> bits - 4;
    }

    /** Returns the largest number of such sums in a super-block. */
    public static int sums() {
        return SUPER / Q6_K.exact();
    }

    /** Returns the number of inputs with one scale. */
    public int scaled() {
        return bits == 6 ? SIZE / 2 : SIZE;
    }

    /** Returns the number of rows of common scales and mins at the start of a super-block. */
    public int superRows() {
        return superRows;
    }

    /** Returns the number of rows of scales and mins at the start of a block. */
    public int scaleRows() {
        return scaleRows;
    }

    /** Returns the number of inputs that share a row of high bits. */
    private int group() {
        return bits == 4 ? 4 : bits == 5 ? 16 : 8;
    }

    private int groupRows() {
        return group() / 4 + (bits == 4 ? 0 : 1);
    }

    /** Returns the number of rows in a block. */
    public int blockRows() {
        return scaleRows + SIZE / group() * groupRows();
    }

    /** Returns the number of bytes in a super-block with {@code blocks} blocks. */
    public int bytes(int blocks) {
        return ROW * (superRows + blocks * blockRows());
    }

    /** Returns the byte, counted from the start of the panel, at which a super-block begins. */
    static long superAt(int index, KQuantFormat format) {
        return (long) index * format.bytes(BLOCKS);
    }

    /** Returns the number of bytes in a panel. */
    long panelBytes(int inputs) {
        int blocks = BlockFormat.blocks(inputs);
        return (long) ROW * (Math.ceilDiv(blocks, BLOCKS) * superRows + (long) blocks * blockRows());
    }

    /** Returns the row of a block, counted from its start, with the nibble of an input. */
    private int nibbleRow(int input) {
        return scaleRows + input / group() * groupRows() + input % group() / 4 + (bits == 4 ? 0 : 1);
    }

    /** Returns the row of a block with the high bits of an input. */
    private int highRow(int input) {
        return scaleRows + input / group() * groupRows();
    }

    /** Returns the lowest bit of an input's nibble in its row. */
    private static int nibbleBit(int input) {
        return input % 4 / 2 * 4 + input % 2 * 8;
    }

    /** Returns the lowest of an input's high bits in their row. */
    private int highBit(int input) {
        return input % group() / 2 * (bits - 4) + input % 2 * 8;
    }

    private int number(int nibbles, int highs, int input) {
        int high = bits == 4 ? 0 : (highs >>> highBit(input) & (1 << bits - 4) - 1) << 4;
        return nibbles >>> nibbleBit(input) & 15 | high;
    }

    /**
     * Stores one output of a panel's super-block.
     *
     * @param block content of the tensor's block; for a type with blocks of 32 elements the first of the super-block
     * @param at index of the super-block, or of the block, in {@code panel}
     * @param blocks number of blocks to store
     */
    void set(KQuantBlock block, short[] panel, int at, int blocks, int output) {
        int to = at + BlockFormat.slot(output);
        if (superRows > 0) {
            panel[to] = block.scale;
            if (superRows > 1) {
                panel[to + PANEL] = block.min;
            }
            to += superRows * PANEL;
        }
        for (int b = 0; b < blocks; b++, to += blockRows() * PANEL) {
            switch (this) {
                case Q4_K, Q5_K -> panel[to] = (short) (block.scales[b] | block.mins[b] << 8);
                case Q6_K -> panel[to] =
                        (short) ((block.scales[2 * b] & 0xFF | block.scales[2 * b + 1] << 8) ^ 0x8080);
                default -> panel[to] = block.scale;
            }
            if (scaleRows > 1) {
                panel[to + PANEL] = block.min;
            }
            for (int i = 0; i < SIZE; i++) {
                int q = block.numbers[b * SIZE + i];
                panel[to + nibbleRow(i) * PANEL] |= (short) ((q & 15) << nibbleBit(i));
                if (bits > 4) {
                    panel[to + highRow(i) * PANEL] |= (short) (q >>> 4 << highBit(i));
                }
            }
        }
    }

    /** Copies the integers of one output in the block at byte {@code block} of a panel, less {@link #zero}. */
    void numbers(MemorySegment data, long block, int output, int[] into) {
        long slot = block + Short.BYTES * BlockFormat.slot(output);
        for (int i = 0; i < SIZE; i++) {
            int highs = bits == 4 ? 0 : data.get(SHORT, slot + (long) highRow(i) * ROW);
            into[i] = number(data.get(SHORT, slot + (long) nibbleRow(i) * ROW), highs, i) - zero();
        }
    }

    /** Unpacks a super-block, whose bytes are {@code rows}, 16 bits at a time. */
    public void unpack(short[] rows, int blocks, UnpackedBlocks to) {
        for (int b = 0, at = superRows * PANEL; b < blocks; b++, at += blockRows() * PANEL) {
            for (int output = 0; output < PANEL; output++) {
                unpackScales(rows, at, b, output, to);
            }
            for (int i = 0; i < SIZE; i += 2) {
                int nibbles = at + nibbleRow(i) * PANEL;
                int highs = at + highRow(i) * PANEL;
                int pairs = (b * SIZE + i) / 2 * UnpackedBlocks.ROW;
                for (int slot = 0; slot < PANEL; slot++) {
                    int pair = number(rows[nibbles + slot], rows[highs + slot], i)
                            | number(rows[nibbles + slot], rows[highs + slot], i + 1) << 8;
                    int place = pairs + slot / 2;
                    to.pairs[place] = slot % 2 == 0 ? pair : to.pairs[place] | pair << 16;
                }
            }
        }
    }

    private void unpackScales(short[] rows, int at, int b, int output, UnpackedBlocks to) {
        int slot = BlockFormat.slot(output);
        int first = rows[at + slot];
        int place = b * PANEL + output;
        if (superRows == 0) {
            float scale = Float.float16ToFloat((short) first);
            to.scales[place] = scale;
            to.offsets[place] = scaleRows == 1 ? 0f : scale * zero() + Float.float16ToFloat(rows[at + PANEL + slot]);
            return;
        }
        float common = Float.float16ToFloat(rows[slot]);
        if (this == Q6_K) {
            place = 2 * b * PANEL + output;
            to.scales[place] = common * ((first & 0xFF) - 128);
            to.scales[place + PANEL] = common * ((first >>> 8 & 0xFF) - 128);
            to.offsets[place] = 0f;
            to.offsets[place + PANEL] = 0f;
        } else {
            float scale = common * (first & 0xFF);
            to.scales[place] = scale;
            to.offsets[place] = scale * zero() - Float.float16ToFloat(rows[PANEL + slot]) * (first >>> 8 & 0xFF);
        }
    }

    /** Copies one row of a panel to {@code into} from {@code at}. */
    void row(MemorySegment data, long panel, int output, int inputs, float[] into, int at) {
        int[] numbers = new int[SIZE];
        long slot = Short.BYTES * BlockFormat.slot(output);
        for (int k = 0; k < inputs; k += SIZE) {
            long start = panel + superAt(k / SUPER, this);
            long block = start + (long) ROW * (superRows + k % SUPER / SIZE * blockRows());
            numbers(data, block, output, numbers);
            float common = superRows == 0 ? 1f : half(data, start + slot);
            float min = superRows > 1
                    ? half(data, start + ROW + slot)
                    : scaleRows > 1 ? half(data, block + ROW + slot) : 0f;
            int first = data.get(SHORT, block + slot);
            for (int i = 0; i < Math.min(SIZE, inputs - k); i++) {
                into[at + k + i] = switch (this) {
                    case Q4_1, Q5_1 -> half(data, block + slot) * (numbers[i] + zero()) + min;
                    case Q5_0 -> half(data, block + slot) * numbers[i];
                    case Q6_K -> common * ((first >>> i / 16 * 8 & 0xFF) - 128) * numbers[i];
                    default -> common * (first & 0xFF) * (numbers[i] + zero()) - min * (first >>> 8 & 0xFF);
                };
            }
        }
    }

    private static float half(MemorySegment data, long at) {
        return Float.float16ToFloat(data.get(SHORT, at));
    }
}
