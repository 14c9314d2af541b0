package io.github.t6j.kernels;

import io.github.t6j.weights.DType;
import io.github.t6j.weights.QuantizedBlock;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Layout of a panel of quantised weights: consecutive blocks of {@value #SIZE} inputs × {@value Kernels#PANEL} outputs.
 * A block is rows of {@value #ROW} bytes: one row of scales, then rows of elements, each of 2 (Q8_0) or 4 (Q4_0)
 * inputs. A row is 32 ints with two outputs each, so that shifts and masks of a vector of ints give two vectors of
 * consecutive outputs, with 4, 8 or 16 lanes.
 *
 * <pre>
 *   int      0        1     …   15        16        17     …   31
 *   output   0, 16    1, 17 …   15, 31    32, 48    33, 49 …   47, 63      the first in the low half, 16 bits
 *
 *   scale    f16
 *   Q8_0     one byte per input: the first in the low byte, 128 added; the second in the high byte, signed
 *   Q4_0     four bits per input, 8 added: from the lowest bits the first, the third, the second, the fourth
 * </pre>
 */
public enum BlockFormat {
    Q8_0(DType.Q8_0, 2), Q4_0(DType.Q4_0, 4);

    /** Number of inputs in a block. */
    public static final int SIZE = QuantizedBlock.SIZE;

    /** Number of bytes in a row of a block: 16 bits per output. */
    public static final int ROW = Short.BYTES * Kernels.PANEL;

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final DType dtype;
    private final int rowInputs;

    BlockFormat(DType dtype, int rowInputs) {
        this.dtype = dtype;
        this.rowInputs = rowInputs;
    }

    /** Returns the type of the weights on disk. */
    DType dtype() {
        return dtype;
    }

    /** Returns the number of bytes in a block. */
    public int bytes() {
        return ROW * (1 + SIZE / rowInputs);
    }

    /** Returns the number of blocks that hold {@code inputs}, the last one padded. */
    public static int blocks(int inputs) {
        return (inputs + SIZE - 1) / SIZE;
    }

    /** Returns the index of an output in a row, in shorts. */
    static int slot(int output) {
        return (output & 32) | (output & 15) << 1 | (output >>> 4 & 1);
    }

    /** Returns the scale of an output in the block at byte {@code block}. */
    public float scale(MemorySegment data, long block, int output) {
        return Float.float16ToFloat(data.get(SHORT, block + 2 * slot(output)));
    }

    /** Returns the integer of a weight in the block at byte {@code block}. */
    int quant(MemorySegment data, long block, int input, int output) {
        return quant(data.get(SHORT, block + (1 + input / rowInputs) * ROW + 2 * slot(output)), input);
    }

    /** Writes the integers of an input's weights in a block to {@code into}, [{@value Kernels#PANEL}]. */
    public void quants(short[] block, int input, int[] into) {
        int row = (1 + input / rowInputs) * Kernels.PANEL;
        for (int output = 0; output < Kernels.PANEL; output++) {
            into[output] = quant(block[row + slot(output)], input);
        }
    }

    private int quant(short elements, int input) {
        if (this == Q8_0) {
            return input % 2 == 0 ? (elements & 0xFF) - 128 : elements >> 8;
        }
        int half = input % 2 == 0 ? elements : elements >> 8;
        return (half >> (input % 4 / 2 * 4) & 15) - 8;
    }

    /** Returns the scale of an output in a block. */
    public float scale(short[] block, int output) {
        return Float.float16ToFloat(block[slot(output)]);
    }

    /** Copies the block at byte {@code block}: single loads are slow until they are compiled. */
    public void read(MemorySegment data, long block, short[] into) {
        MemorySegment.copy(data, SHORT, block, into, 0, into.length);
    }

    /**
     * Stores one output of a panel.
     *
     * @param row a row of a tensor, in the layout of {@link QuantizedBlock}, 16 bits at a time
     * @param panel the consecutive blocks of the panel
     */
    void set(short[] row, short[] panel, int output) {
        int to = slot(output);
        if (this == Q8_0) {
            for (int i = 0; i < row.length; i++, to += ROW / Short.BYTES) {
                // adding 128 to the first byte flips its highest bit
                panel[to] = i % (1 + SIZE / 2) == 0 ? row[i] : (short) (row[i] ^ 0x80);
            }
            return;
        }
        for (int block = 0; block < row.length; block += 1 + SIZE / 4) {
            panel[to] = row[block];
            to += ROW / Short.BYTES;
            for (int r = 0; r < SIZE / 4; r++, to += ROW / Short.BYTES) {
                // the low halves of the bytes are inputs 0 to 15, the high halves 16 to 31
                int at = block + 1 + r % 4 * 2;
                int shift = r / 4 * 4;
                panel[to] = (short) (row[at] >>> shift & 0x0F0F | (row[at + 1] >>> shift & 0x0F0F) << 4);
            }
        }
    }
}
