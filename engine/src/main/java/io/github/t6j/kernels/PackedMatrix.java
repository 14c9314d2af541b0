package io.github.t6j.kernels;

import io.github.t6j.weights.DType;
import io.github.t6j.weights.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;

/**
 * A weight matrix [outputs][inputs] as the kernels want it: panels of {@value Kernels#PANEL} outputs,
 * [⌈outputs/64⌉][inputs][64], the last one padded with zeros. Matrix × vector reads it as one sequential stream, and
 * each output is one chain of multiply-adds over the inputs, in matrix × matrix as well.
 *
 * <pre>
 *   panel 0                                  panel 1
 *   w[0..63][0] w[0..63][1] … w[0..63][in−1] w[64..127][0] …          f32; bf16 in the order of {@link Bf16#slot}
 * </pre>
 */
public final class PackedMatrix {
    private static final int PANEL = Kernels.PANEL;
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final int outputs;
    private final int inputs;
    private final boolean bf16;
    private final MemorySegment data;

    private PackedMatrix(int outputs, int inputs, boolean bf16, Arena arena) {
        this.outputs = outputs;
        this.inputs = inputs;
        this.bf16 = bf16;
        this.data = arena.allocate(panels() * panelBytes(), 64);
    }

    /**
     * Packs matrices [·][inputs], one below the other, as one. It is bf16 if all of them are; f16 and f64 become f32.
     */
    public static PackedMatrix pack(List<Tensor> parts, Arena arena, Workers workers) {
        int inputs = Math.toIntExact(parts.getFirst().shape().get(1));
        int outputs = 0;
        for (Tensor part : parts) {
            outputs += Math.toIntExact(part.shape().get(0));
        }
        boolean bf16 = parts.stream().allMatch(part -> part.dtype() == DType.BF16);
        PackedMatrix matrix = new PackedMatrix(outputs, inputs, bf16, arena);
        workers.run(matrix.panels(), (panel, worker) -> matrix.fill(panel, parts));
        return matrix;
    }

    /** Transposes a panel's rows on the heap, where single stores are cheap before they are compiled, and copies it. */
    private void fill(int panel, List<Tensor> parts) {
        float[] row = new float[inputs];
        float[] floats = bf16 ? null : new float[inputs * PANEL];
        short[] shorts = bf16 ? new short[inputs * PANEL] : null;
        int columns = Math.min(PANEL, outputs - panel * PANEL);
        for (int c = 0; c < columns; c++) {
            readRow(parts, panel * PANEL + c, row);
            int slot = bf16 ? Bf16.slot(c) : c;
            for (int k = 0, at = slot; k < inputs; k++, at += PANEL) {
                if (bf16) {
                    shorts[at] = DType.floatToBf16(row[k]);
                } else {
                    floats[at] = row[k];
                }
            }
        }
        if (bf16) {
            MemorySegment.copy(shorts, 0, data, SHORT, panel * panelBytes(), shorts.length);
        } else {
            MemorySegment.copy(floats, 0, data, FLOAT, panel * panelBytes(), floats.length);
        }
    }

    private void readRow(List<Tensor> parts, int output, float[] row) {
        long first = 0;
        for (Tensor part : parts) {
            long rows = part.shape().get(0);
            if (output < first + rows) {
                part.read((output - first) * inputs, row, 0, inputs);
                return;
            }
            first += rows;
        }
    }

    private long elementAt(int output, int input) {
        long row = output / PANEL * panelBytes() + (long) input * PANEL * elementBytes();
        int column = output % PANEL;
        return row + (bf16 ? Bf16.slot(column) * 2L : column * 4L);
    }

    /** Rows of the matrix. */
    public int outputs() {
        return outputs;
    }

    /** Columns of the matrix. */
    public int inputs() {
        return inputs;
    }

    /** Outputs rounded up to whole panels: floats between the rows of a product. */
    public int stride() {
        return panels() * PANEL;
    }

    int panels() {
        return (outputs + PANEL - 1) / PANEL;
    }

    private long elementBytes() {
        return bf16 ? Short.BYTES : Float.BYTES;
    }

    private long panelBytes() {
        return inputs * PANEL * elementBytes();
    }

    /** Bytes in memory. */
    public long bytes() {
        return data.byteSize();
    }

    /** Copies one row, [inputs], to {@code into} from {@code at}: an embedding. */
    public void row(int output, float[] into, int at) {
        for (int k = 0; k < inputs; k++) {
            long element = elementAt(output, k);
            into[at + k] = bf16 ? DType.bf16ToFloat(data.get(SHORT, element)) : data.get(FLOAT, element);
        }
    }

    /**
     * y[r][panel's outputs] = Σ x[r][k] · w[output][k] for k from {@code from}, {@code count} of them, added to what is
     * there unless {@code from} is 0.
     */
    void multiply(
            Kernels kernels, int panel, int from, int count, float[] x, int xStride, int rows, float[] y, int yStride) {
        long at = panel * panelBytes() + (long) from * PANEL * elementBytes();
        boolean more = from > 0;
        int to = panel * PANEL;
        if (bf16) {
            kernels.multiplyBf16(x, from, xStride, rows, count, data, at, y, to, yStride, more);
        } else {
            kernels.multiply(x, from, xStride, rows, count, data, at, PANEL, PANEL, y, to, yStride, more);
        }
    }
}
