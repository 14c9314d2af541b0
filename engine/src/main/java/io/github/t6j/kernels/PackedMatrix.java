package io.github.t6j.kernels;

import io.github.t6j.weights.DType;
import io.github.t6j.weights.Memory;
import io.github.t6j.weights.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.util.List;

/**
 * A weight matrix [outputs][inputs] as the kernels want it: panels of {@value Kernels#PANEL} outputs,
 * [⌈outputs/64⌉][inputs][64], the last one padded with zeros. Matrix × vector reads it as one sequential stream, and
 * each output is one chain of multiply-adds over the inputs, in matrix × matrix as well.
 *
 * <pre>
 *   panel 0                                  panel 1
 *   w[0..63][0] w[0..63][1] … w[0..63][in−1] w[64..127][0] …          f32 or bf16, stored as {@link Format} says
 * </pre>
 */
public final class PackedMatrix {
    private static final int PANEL = Kernels.PANEL;
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Bytes at either end that a fingerprint is made of. */
    private static final long SAMPLE = 4096;

    private final int outputs;
    private final int inputs;
    private final Format format; // F32 or BF16
    private final MemorySegment data;

    private PackedMatrix(int outputs, int inputs, Format format, Arena arena) {
        this.outputs = outputs;
        this.inputs = inputs;
        this.format = format;
        this.data = Memory.allocate(panels() * panelBytes(), arena);
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
        PackedMatrix matrix = new PackedMatrix(outputs, inputs, formatOf(parts), arena);
        workers.run(matrix.panels(), (panel, worker) -> matrix.fill(panel, parts));
        for (Tensor part : parts) {
            if (part.data().isMapped()) {
                part.data().unload(); // read pages of a file would stay resident until it is unmapped
            }
        }
        return matrix;
    }

    private static Format formatOf(List<Tensor> parts) {
        boolean bf16 = parts.stream().allMatch(part -> part.dtype() == DType.BF16);
        return bf16 ? Format.BF16 : Format.F32;
    }

    /** Uses matrix × vector once, with no inputs, so that {@link WarmingKernels} begin while such matrices are packed. */
    public static void announce(List<Tensor> parts, Kernels kernels) {
        MemorySegment nothing = MemorySegment.ofArray(new byte[0]);
        kernels.multiply(
                new float[0], 0, 0, 1, 0, formatOf(parts), nothing, 0, PANEL, PANEL, new float[PANEL], 0, PANEL, false);
    }

    /** Transposes a panel's rows on the heap, where single stores are cheap before they are compiled, and copies it. */
    private void fill(int panel, List<Tensor> parts) {
        boolean bf16 = format == Format.BF16;
        float[] row = new float[inputs];
        float[] floats = bf16 ? null : new float[inputs * PANEL];
        short[] shorts = bf16 ? new short[inputs * PANEL] : null;
        int columns = Math.min(PANEL, outputs - panel * PANEL);
        for (int c = 0; c < columns; c++) {
            readRow(parts, panel * PANEL + c, row);
            for (int k = 0, at = format.slot(c); k < inputs; k++, at += PANEL) {
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

    /** Byte at which the panel's weights of {@code input} begin. */
    private long rowAt(int panel, int input) {
        return panel * panelBytes() + format.bytes((long) input * PANEL);
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

    private long panelBytes() {
        return format.bytes((long) inputs * PANEL);
    }

    /** Bytes in memory. */
    public long bytes() {
        return data.byteSize();
    }

    /** Gives {@code digest} the first and last weights, for a fingerprint. */
    public void sample(MessageDigest digest) {
        long count = Math.min(SAMPLE, data.byteSize());
        digest.update(data.asSlice(0, count).asByteBuffer());
        digest.update(data.asSlice(data.byteSize() - count).asByteBuffer());
    }

    /** Copies one row, [inputs], to {@code into} from {@code at}: an embedding. */
    public void row(int output, float[] into, int at) {
        for (int k = 0; k < inputs; k++) {
            into[at + k] = format.get(data, rowAt(output / PANEL, k), output % PANEL);
        }
    }

    /**
     * y[r][c] = Σ x[r][k] · w[64 · panel + c][k] for k from {@code from}, {@code count} of them, added to what is there
     * unless {@code from} is 0.
     *
     * @param y [rows][64] from {@code yAt}
     */
    void multiply(
            Kernels kernels, int panel, int from, int count, float[] x, int xStride, int rows, float[] y, int yAt) {
        kernels.multiply(
                x, from, xStride, rows, count, format, data, rowAt(panel, from), PANEL, PANEL, y, yAt, 0, from > 0);
    }
}
