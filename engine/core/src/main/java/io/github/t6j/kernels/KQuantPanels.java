package io.github.t6j.kernels;

import io.github.t6j.weights.KQuantBlock;
import io.github.t6j.weights.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Set;

/** Matrix of K-quants, or of the older types of 4 and 5 bits: panels in the layout of {@link KQuantFormat}. */
final class KQuantPanels extends PackedMatrix {
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final KQuantFormat format;
    private final Set<KQuantFormat> kQuants;
    private final float[] units; // one per panel

    KQuantPanels(int outputs, int inputs, KQuantFormat format, SegmentAllocator arena) {
        super(outputs, inputs, format.panelBytes(inputs), arena);
        this.format = format;
        kQuants = Set.of(format);
        units = new float[panels()];
    }

    @Override
    Set<KQuantFormat> kQuants() {
        return kQuants;
    }

    @Override
    void fill(int panel, List<Tensor> rows) {
        int size = format.dtype().bytes();
        int blocks = BlockFormat.blocks(inputs());
        int step = format.dtype().blockSize() / BlockFormat.SIZE; // blocks of a panel that a block on disk fills
        KQuantBlock block = new KQuantBlock(format.dtype());
        byte[] row = new byte[Math.ceilDiv(blocks, step) * size];
        short[] shorts = new short[(int) format.panelBytes(inputs()) / Short.BYTES];
        each(rows, (part, index, column) -> {
            MemorySegment.copy(part.data(), ValueLayout.JAVA_BYTE, index * row.length, row, 0, row.length);
            for (int b = 0; b < blocks; b += step) {
                block.read(row, b / step * size);
                HalfScales.checkFinite(block.scale, "scales", part, index, b / step);
                HalfScales.checkFinite(block.min, "mins", part, index, b / step);
                format.set(block, shorts, startOf(b), Math.min(step, blocks - b), column);
            }
        });
        units[panel] = format.superRows() > 0
                ? HalfScales.normalize(shorts, format.bytes(KQuantFormat.BLOCKS) / Short.BYTES, format.superRows())
                : HalfScales.normalize(shorts, format.blockRows() * PANEL, format.scaleRows());
        MemorySegment.copy(shorts, 0, data, SHORT, panelAt(panel), shorts.length);
    }

    /** Returns the index, in shorts, at which the content of a block on disk begins in a panel. */
    private int startOf(int block) {
        return Math.toIntExact(KQuantFormat.superAt(block / KQuantFormat.BLOCKS, format)
                + (long) block % KQuantFormat.BLOCKS * format.blockRows() * KQuantFormat.ROW) / Short.BYTES;
    }

    @Override
    public void row(int output, float[] into, int at) {
        format.row(data, panelAt(output / PANEL), units[output / PANEL], output % PANEL, inputs(), into, at);
    }

    @Override
    void multiply(
            Kernels kernels, int panel, int count, Operand x, UnpackedBlocks scratch, float[] y, int yAt, int yStride) {
        for (int end = panel + count; panel < end; panel++, yAt += PANEL) {
            kernels.multiplyKQuants(x.rounded, format, data, panelAt(panel), units[panel], scratch, y, yAt, yStride);
        }
    }
}
