package io.github.t6j.kernels;

import io.github.t6j.weights.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;

/**
 * Matrix of f32 or bf16 weights, stored as {@link Format} defines.
 *
 * <pre>
 *   panel 0                                  panel 1
 *   w[0..63][0] w[0..63][1] … w[0..63][in−1] w[64..127][0] …
 * </pre>
 */
final class DensePanels extends PackedMatrix {
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Number of inputs in a block: 256 rows of a panel are 64 KB, which stay in L2 while all rows of x pass. */
    private static final int BLOCK = 256;

    private static final int TALL = Kernels.TALL_STRIDE;

    private final Format format; // F32 or BF16

    DensePanels(int outputs, int inputs, Format format, SegmentAllocator arena) {
        super(outputs, inputs, panelBytes(inputs, format), arena);
        this.format = format;
    }

    static long panelBytes(int inputs, Format format) {
        return format.bytes((long) inputs * PANEL);
    }

    @Override
    void fill(int panel, List<Tensor> rows) {
        int inputs = inputs();
        if (format == Format.BF16) {
            short[] row = new short[inputs];
            short[] shorts = new short[inputs * PANEL];
            each(rows, (part, from, column) -> {
                MemorySegment.copy(part.data(), SHORT, from * inputs * Short.BYTES, row, 0, inputs);
                for (int k = 0, at = format.slot(column); k < inputs; k++, at += PANEL) {
                    shorts[at] = row[k];
                }
            });
            MemorySegment.copy(shorts, 0, data, SHORT, panelAt(panel), shorts.length);
        } else {
            float[] row = new float[inputs];
            float[] floats = new float[inputs * PANEL];
            each(rows, (part, from, column) -> {
                part.read(from * inputs, row, 0, inputs);
                for (int k = 0, at = column; k < inputs; k++, at += PANEL) {
                    floats[at] = row[k];
                }
            });
            MemorySegment.copy(floats, 0, data, FLOAT, panelAt(panel), floats.length);
        }
    }

    /** Returns the byte at which the panel's weights of {@code input} begin. */
    private long rowAt(int panel, int input) {
        return panelAt(panel) + format.bytes((long) input * PANEL);
    }

    @Override
    public void row(int output, float[] into, int at) {
        for (int k = 0; k < inputs(); k++) {
            into[at + k] = format.get(data, rowAt(output / PANEL, k), output % PANEL);
        }
    }

    @Override
    boolean isTall(Kernels kernels, int rows) {
        return kernels.isTall(rows);
    }

    /** Computes y[outputs of the panel], from {@code yAt}, for one row. */
    void multiply(Kernels kernels, int panel, float[] x, float[] y, int yAt) {
        multiply(kernels, panel, 0, inputs(), x, inputs(), 1, y, yAt);
    }

    private void multiply(
            Kernels kernels, int panel, int from, int count, float[] x, int xStride, int rows, float[] y, int yAt) {
        kernels.multiply(
                x, from, xStride, rows, count, format, data, rowAt(panel, from), PANEL, PANEL, y, yAt, 0, from > 0);
    }

    /**
     * Computes y[r][outputs of the panel] for several rows.
     *
     * @param sums scratch, [rows][{@value Kernels#PANEL}]
     * @param y rows {@code yStride} floats apart, from {@code yAt}
     */
    void multiply(
            Kernels kernels, int panel, float[] x, int xStride, int rows, float[] sums, float[] y, int yAt,
            int yStride) {
        for (int from = 0; from < inputs(); from += BLOCK) {
            multiply(kernels, panel, from, Math.min(BLOCK, inputs() - from), x, xStride, rows, sums, 0);
        }
        copy(sums, rows, y, yAt, yStride);
    }

    /**
     * Does the same for {@link Kernels#isTall many} rows, stored by {@link #copyTall}.
     *
     * @param unpacked scratch for weights that are not f32
     */
    void multiplyTall(
            Kernels kernels, int panel, float[] x, int rows, UnpackedBlocks unpacked, float[] sums, float[] y, int yAt,
            int yStride) {
        for (int from = 0; from < inputs(); from += TALL) {
            int count = Math.min(TALL, inputs() - from);
            MemorySegment w = data;
            long wAt = rowAt(panel, from);
            if (format != Format.F32) {
                w = unpacked.floats();
                kernels.widen(format, data, wAt, count * PANEL, 0, 0, w, 0);
                wAt = 0;
            }
            kernels.multiplyTall(x, from * rows, rows, count, w, wAt, sums, 0, from > 0);
        }
        copy(sums, rows, y, yAt, yStride);
    }

    private static void copy(float[] sums, int rows, float[] y, int yAt, int yStride) {
        for (int row = 0; row < rows; row++) {
            System.arraycopy(sums, row * PANEL, y, yAt + row * yStride, PANEL);
        }
    }

    /** Returns the number of floats of {@code rows} rows in the layout of {@link Kernels#isTall}. */
    static int tallSize(int rows, int inputs) {
        return Math.ceilDiv(inputs, TALL) * rows * TALL;
    }

    /** Stores row {@code row} of {@code rows} in that layout. */
    static void copyTall(float[] x, int xAt, int inputs, int row, int rows, float[] to) {
        for (int from = 0; from < inputs; from += TALL) {
            System.arraycopy(x, xAt + from, to, from * rows + row * TALL, Math.min(TALL, inputs - from));
        }
    }
}
