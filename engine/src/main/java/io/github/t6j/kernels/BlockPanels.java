package io.github.t6j.kernels;

import io.github.t6j.ModelFormatException;
import io.github.t6j.weights.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;

/**
 * Matrix of q8_0 or q4_0 weights: panels of blocks as {@link BlockFormat} draws them, in as many bytes as in the file.
 */
final class BlockPanels extends PackedMatrix {
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort UNALIGNED =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int F16_EXPONENT = 0x7C00; // all ones: infinite or NaN

    private final BlockFormat format;
    private final float[] units; // one per panel

    BlockPanels(int outputs, int inputs, BlockFormat format, SegmentAllocator arena) {
        super(outputs, inputs, panelBytes(inputs, format), arena);
        this.format = format;
        units = new float[panels()];
    }

    static long panelBytes(int inputs, BlockFormat format) {
        return (long) BlockFormat.blocks(inputs) * format.bytes();
    }

    @Override
    void fill(int panel, List<Tensor> rows) {
        int blocks = BlockFormat.blocks(inputs());
        int size = format.dtype().bytes() / Short.BYTES;
        short[] row = new short[blocks * size]; // one row of a tensor
        short[] shorts = new short[blocks * format.bytes() / Short.BYTES];
        each(rows, (part, index, column) -> {
            MemorySegment.copy(part.data(), UNALIGNED, index * row.length * Short.BYTES, row, 0, row.length);
            checkScales(part, index, row, size);
            format.set(row, shorts, column);
        });
        units[panel] = HalfScales.normalise(shorts, format.bytes() / Short.BYTES, 1);
        MemorySegment.copy(shorts, 0, data, SHORT, panelAt(panel), shorts.length);
    }

    /**
     * Rejects scales that are not finite: the kernels convert scales to floats by arithmetic that is right for finite
     * ones only.
     */
    private static void checkScales(Tensor part, long index, short[] row, int size) {
        for (int at = 0; at < row.length; at += size) {
            short scale = row[at];
            if ((scale & F16_EXPONENT) == F16_EXPONENT) {
                throw new ModelFormatException("tensor " + part.name() + ": expected finite scales, found "
                        + Float.float16ToFloat(scale) + " in block " + at / size + " of row " + index
                        + ": the file is damaged, or was quantised from weights that are not finite");
            }
        }
    }

    @Override
    public void row(int output, float[] into, int at) {
        for (int k = 0; k < inputs(); k++) {
            long block = panelAt(output / PANEL) + (long) (k / BlockFormat.SIZE) * format.bytes();
            into[at + k] = format.scale(data, block, output % PANEL) * units[output / PANEL]
                    * format.number(data, block, k % BlockFormat.SIZE, output % PANEL);
        }
    }

    @Override
    boolean isTall(Kernels kernels, int rows) {
        return format == BlockFormat.Q8_0 && kernels.isTall(rows);
    }

    /** Computes the outputs of a panel and the next one, for one row. */
    void multiplyPair(Kernels kernels, int panel, RoundedRows x, float[] y, int yAt) {
        kernels.multiplyPair(x, format, data, panelAt(panel), units[panel], units[panel + 1], y, yAt);
    }

    /** Computes y[r][outputs of the panel] for all rows. */
    void multiply(Kernels kernels, int panel, RoundedRows x, UnpackedBlocks unpacked, float[] y, int yAt, int yStride) {
        kernels.multiplyBlocks(x, format, data, panelAt(panel), units[panel], unpacked, y, yAt, yStride);
    }
}
