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
    void multiply(
            Kernels kernels, int panel, int count, Operand x, UnpackedBlocks scratch, float[] y, int yAt, int yStride) {
        for (int end = panel + count; panel < end; panel++, yAt += PANEL) {
            x.dense.multiply(kernels, format, data, panelAt(panel), inputs(), scratch, y, yAt, yStride);
        }
    }
}
