package io.github.t6j.kernels;

import io.github.t6j.weights.DType;
import io.github.t6j.weights.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.util.List;

/**
 * A weight matrix [outputs][inputs] as the kernels want it: panels of {@value Kernels#PANEL} outputs, the last one padded
 * with zeros. Matrix × vector reads it as one sequential stream, and each output is one chain of multiply-adds over the
 * inputs, in matrix × matrix as well.
 */
public abstract sealed class PackedMatrix permits NumberPanels, BlockPanels {
    static final int PANEL = Kernels.PANEL;

    /** Bytes at either end that a fingerprint is made of. */
    private static final long SAMPLE = 4096;

    private final int outputs;
    private final int inputs;
    private final long panelBytes;
    final MemorySegment data;

    PackedMatrix(int outputs, int inputs, long panelBytes, Arena arena) {
        this.outputs = outputs;
        this.inputs = inputs;
        this.panelBytes = panelBytes;
        this.data = arena.allocate(panels() * panelBytes, 64);
    }

    /**
     * Packs matrices [·][inputs], one below the other, as one. It is bf16, q8_0 or q4_0 if all of them are; what else
     * there is, or differs, becomes f32.
     *
     * @throws io.github.t6j.ModelFormatException if a scale of a quantised one is not finite
     */
    public static PackedMatrix pack(List<Tensor> parts, Arena arena, Workers workers) {
        int inputs = Math.toIntExact(parts.getFirst().shape().get(1));
        int outputs = 0;
        for (Tensor part : parts) {
            outputs += Math.toIntExact(part.shape().get(0));
        }
        DType dtype = parts.getFirst().dtype();
        boolean alike = parts.stream().allMatch(part -> part.dtype() == dtype);
        PackedMatrix matrix = alike && dtype.isQuantized()
                ? new BlockPanels(outputs, inputs, dtype == DType.Q8_0 ? BlockFormat.Q8_0 : BlockFormat.Q4_0, arena)
                : new NumberPanels(outputs, inputs, alike && dtype == DType.BF16 ? Format.BF16 : Format.F32, arena);
        workers.run(matrix.panels(), (panel, worker) -> matrix.fill(panel, parts));
        return matrix;
    }

    /** Fills a panel, on the heap, where single stores are cheap before they are compiled, and copies it. */
    abstract void fill(int panel, List<Tensor> parts);

    /** What is done with a row of one of the tensors that are packed. */
    @FunctionalInterface
    interface Row {
        void fill(Tensor part, long row, int column);
    }

    /** Passes the tensors' rows that are the panel's outputs to {@code filler}, with their place in the panel. */
    void rows(int panel, List<Tensor> parts, Row filler) {
        int end = Math.min((panel + 1) * PANEL, outputs);
        long first = 0;
        for (Tensor part : parts) {
            long next = first + part.shape().get(0);
            for (long output = Math.max(first, panel * PANEL); output < Math.min(next, end); output++) {
                filler.fill(part, output - first, (int) output - panel * PANEL);
            }
            first = next;
        }
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

    /** Byte at which a panel begins. */
    long panelAt(int panel) {
        return panel * panelBytes;
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
    public abstract void row(int output, float[] into, int at);
}
