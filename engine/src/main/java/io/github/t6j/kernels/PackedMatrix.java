package io.github.t6j.kernels;

import io.github.t6j.weights.DType;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.TensorReader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;

/**
 * A weight matrix [outputs][inputs] as the kernels want it: panels of {@value Kernels#PANEL} outputs, the last one padded
 * with zeros. Matrix × vector reads it as one sequential stream, and each output is one chain of multiply-adds over the
 * inputs, in matrix × matrix as well.
 */
public abstract sealed class PackedMatrix permits DensePanels, BlockPanels {
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
     * Packs matrices [·][inputs], one below the other, as one. It is bf16, q8_0 or q4_0 if all of them are; other types, and
     * mixed ones, become f32.
     *
     * @param reader reads a panel's rows on the thread that packs them, so that they are in its caches
     * @throws io.github.t6j.ModelFormatException if a scale of a quantised one is not finite
     */
    public static PackedMatrix pack(
            List<Tensor> parts, TensorReader reader, Arena arena, Workers workers) {
        int inputs = Math.toIntExact(parts.getFirst().shape().get(1));
        int outputs = 0;
        for (Tensor part : parts) {
            outputs += Math.toIntExact(part.shape().get(0));
        }
        PackedMatrix matrix = switch (dtypeOf(parts)) {
            case Q8_0 -> new BlockPanels(outputs, inputs, BlockFormat.Q8_0, arena);
            case Q4_0 -> new BlockPanels(outputs, inputs, BlockFormat.Q4_0, arena);
            case BF16 -> new DensePanels(outputs, inputs, Format.BF16, arena);
            default -> new DensePanels(outputs, inputs, Format.F32, arena);
        };
        workers.run(matrix.panels(), (panel, worker) -> {
            try (Arena memory = Arena.ofConfined()) { // of a panel: too small to be counted
                matrix.fill(panel, matrix.rows(panel, parts, reader, memory));
            }
        });
        for (Tensor part : parts) {
            if (part.data().isMapped()) {
                part.data().unload(); // read pages of a file would stay resident until it is unmapped
            }
        }
        return matrix;
    }

    /** Bytes that {@link #pack} of these takes. */
    public static long packedBytes(List<Tensor> parts) {
        int inputs = Math.toIntExact(parts.getFirst().shape().get(1));
        long outputs = parts.stream().mapToLong(part -> part.shape().get(0)).sum();
        long panelBytes = switch (dtypeOf(parts)) {
            case Q8_0 -> BlockPanels.panelBytes(inputs, BlockFormat.Q8_0);
            case Q4_0 -> BlockPanels.panelBytes(inputs, BlockFormat.Q4_0);
            case BF16 -> DensePanels.panelBytes(inputs, Format.BF16);
            default -> DensePanels.panelBytes(inputs, Format.F32);
        };
        return Math.ceilDiv(outputs, PANEL) * panelBytes;
    }

    /** The type that all of them have once they are read; F32 if they differ. */
    private static DType dtypeOf(List<Tensor> parts) {
        DType dtype = parts.getFirst().dtype().loaded();
        return parts.stream().allMatch(part -> part.dtype().loaded() == dtype) ? dtype : DType.F32;
    }

    /** Uses matrix × vector once, with no inputs, so that {@link WarmingKernels} begin while such matrices are packed. */
    public static void announce(List<Tensor> parts, Kernels kernels) {
        MemorySegment nothing = MemorySegment.ofArray(new byte[0]);
        float[] y = new float[PANEL];
        switch (dtypeOf(parts)) {
            case Q8_0 -> kernels.multiplyBlocks(RoundedRows.zeros(1, 0), BlockFormat.Q8_0, nothing, 0, y, 0, PANEL);
            case Q4_0 -> kernels.multiplyBlocks(RoundedRows.zeros(1, 0), BlockFormat.Q4_0, nothing, 0, y, 0, PANEL);
            case BF16 -> kernels.multiply(
                    new float[0], 0, 0, 1, 0, Format.BF16, nothing, 0, PANEL, PANEL, y, 0, 0, false);
            default -> kernels.multiply(
                    new float[0], 0, 0, 1, 0, Format.F32, nothing, 0, PANEL, PANEL, y, 0, 0, false);
        }
    }

    /** Fills a panel with rows, on the heap, where single stores are cheap before they are compiled, and copies it. */
    abstract void fill(int panel, List<Tensor> rows);

    /** Reads the rows of {@code parts} that are the panel's outputs. */
    private List<Tensor> rows(int panel, List<Tensor> parts, TensorReader reader, Arena memory) {
        List<Tensor> rows = new ArrayList<>();
        int begin = panel * PANEL;
        int end = Math.min(begin + PANEL, outputs);
        long first = 0;
        for (Tensor part : parts) {
            long next = first + part.rowCount();
            long from = Math.max(first, begin);
            long to = Math.min(next, end);
            if (from < to) {
                rows.add(reader.rows(part, from - first, to - from, memory));
            }
            first = next;
        }
        return rows;
    }

    /** What is done with a row of one of the tensors that are packed. */
    @FunctionalInterface
    interface Row {
        void fill(Tensor part, long row, int column);
    }

    /** Passes each row of {@code rows} to {@code filler}, with its place in the panel. */
    static void each(List<Tensor> rows, Row filler) {
        int column = 0;
        for (Tensor part : rows) {
            for (long row = 0; row < part.shape().get(0); row++) {
                filler.fill(part, row, column++);
            }
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
