package io.github.t6j.kernels;

import io.github.t6j.weights.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;

/** Matrix of q8_0 or q4_0 weights: panels of blocks in the layout of {@link BlockFormat}, as large as in the file. */
final class BlockPanels extends PackedMatrix {
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort UNALIGNED =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

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
            for (int at = 0; at < row.length; at += size) {
                HalfScales.checkFinite(row[at], "scales", part, index, at / size);
            }
            format.set(row, shorts, column);
        });
        units[panel] = HalfScales.normalize(shorts, format.bytes() / Short.BYTES, 1);
        MemorySegment.copy(shorts, 0, data, SHORT, panelAt(panel), shorts.length);
    }

    @Override
    public void row(int output, float[] into, int at) {
        for (int k = 0; k < inputs(); k++) {
            long block = panelAt(output / PANEL) + (long) (k / BlockFormat.SIZE) * format.bytes();
            into[at + k] = format.scale(data, block, output % PANEL) * units[output / PANEL]
                    * format.quant(data, block, k % BlockFormat.SIZE, output % PANEL);
        }
    }

    @Override
    BlockFormat blockFormat() {
        return format;
    }

    @Override
    void multiply(
            Kernels kernels, int panel, int count, Operand x, UnpackedBlocks scratch, float[] y, int yAt, int yStride) {
        kernels.multiplyBlocks(
                x.rounded, format, data, panelAt(panel), units, panel, count, scratch, y, yAt, yStride);
    }
}
