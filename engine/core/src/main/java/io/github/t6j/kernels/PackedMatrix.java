package io.github.t6j.kernels;

import io.github.t6j.weights.DType;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.TensorReader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Weight matrix [outputs][inputs] in the layout of the kernels: panels of {@value Kernels#PANEL} outputs, the last one
 * padded with zeros. Matrix × vector reads it as one sequential stream. Each output is one chain of multiply-adds over
 * the inputs, in matrix × matrix as well.
 */
public abstract sealed class PackedMatrix permits DensePanels, BlockPanels, KQuantPanels, JoinedPanels {
    static final int PANEL = Kernels.PANEL;

    /** Alignment of a matrix, in bytes; its size is a multiple of it. */
    public static final int ALIGNMENT = 64;

    /** Number of bytes at either end that enter a fingerprint. */
    private static final long SAMPLE = 4096;

    private final int outputs;
    private final int inputs;
    private final long panelBytes;
    final MemorySegment data;

    PackedMatrix(int outputs, int inputs, long panelBytes, SegmentAllocator arena) {
        this.outputs = outputs;
        this.inputs = inputs;
        this.panelBytes = panelBytes;
        this.data = arena.allocate(panels() * panelBytes, ALIGNMENT);
    }

    /**
     * Packs matrices [·][inputs], one below the other, as one. bf16 and quantised matrices keep their type if all have
     * the same, or if all are quantised and all but the last have whole panels. Other types, and mixtures, become f32.
     *
     * @param reader reads a panel's rows on the thread that packs them, so that they are in its caches
     * @throws io.github.t6j.ModelFormatException if a scale of a quantised matrix is not finite
     */
    public static PackedMatrix pack(
            List<Tensor> parts, TensorReader reader, SegmentAllocator arena, Workers workers) {
        PackedMatrix matrix = empty(parts, reader, arena);
        workers.run(matrix.panels(), (panel, worker) -> {
            try (Arena memory = Arena.ofConfined()) { // a single panel is too small to count
                matrix.fill(panel, matrix.rows(panel, parts, reader, memory));
            }
        });
        for (Tensor part : parts) {
            if (part.data().isMapped()) {
                part.data().unload(); // otherwise pages of the file that were read stay resident until it is unmapped
            }
        }
        return matrix;
    }

    private static PackedMatrix empty(List<Tensor> parts, TensorReader reader, SegmentAllocator arena) {
        if (keepTheirTypes(parts, reader)) {
            List<PackedMatrix> joined = new ArrayList<>();
            parts.forEach(part -> joined.add(empty(List.of(part), reader, arena)));
            return new JoinedPanels(joined, arena);
        }
        int inputs = inputs(parts);
        int outputs = Math.toIntExact(outputs(parts));
        DType dtype = dtypeOf(parts, reader);
        return switch (dtype) {
            case Q8_0 -> new BlockPanels(outputs, inputs, BlockFormat.Q8_0, arena);
            case Q4_0 -> new BlockPanels(outputs, inputs, BlockFormat.Q4_0, arena);
            case Q4_1, Q5_0, Q5_1, Q4_K, Q5_K, Q6_K ->
                new KQuantPanels(outputs, inputs, KQuantFormat.of(dtype), arena);
            case BF16 -> new DensePanels(outputs, inputs, Format.BF16, arena);
            default -> new DensePanels(outputs, inputs, Format.F32, arena);
        };
    }

    /** Returns the number of bytes that {@link #pack} needs for these matrices. */
    public static long packedBytes(List<Tensor> parts, TensorReader reader) {
        if (keepTheirTypes(parts, reader)) {
            return parts.stream().mapToLong(part -> packedBytes(List.of(part), reader)).sum();
        }
        int inputs = inputs(parts);
        DType dtype = dtypeOf(parts, reader);
        long panelBytes = switch (dtype) {
            case Q8_0 -> BlockPanels.panelBytes(inputs, BlockFormat.Q8_0);
            case Q4_0 -> BlockPanels.panelBytes(inputs, BlockFormat.Q4_0);
            case Q4_1, Q5_0, Q5_1, Q4_K, Q5_K, Q6_K -> KQuantFormat.of(dtype).panelBytes(inputs);
            case BF16 -> DensePanels.panelBytes(inputs, Format.BF16);
            default -> DensePanels.panelBytes(inputs, Format.F32);
        };
        return Math.ceilDiv(outputs(parts), PANEL) * panelBytes;
    }

    private static int inputs(List<Tensor> parts) {
        return Math.toIntExact(parts.getFirst().shape().get(1));
    }

    private static long outputs(List<Tensor> parts) {
        return parts.stream().mapToLong(Tensor::rowCount).sum();
    }

    /** Returns true if matrices of different types can be packed as {@link JoinedPanels}. */
    private static boolean keepTheirTypes(List<Tensor> parts, TensorReader reader) {
        return parts.stream().map(reader::dtype).distinct().count() > 1
                && parts.stream().allMatch(part -> reader.dtype(part).isQuantized())
                && parts.subList(0, parts.size() - 1).stream().allMatch(part -> part.rowCount() % PANEL == 0);
    }

    /** Returns the type that all tensors have, F32 if the types differ. */
    private static DType dtypeOf(List<Tensor> parts, TensorReader reader) {
        DType dtype = reader.dtype(parts.getFirst());
        return parts.stream().allMatch(part -> reader.dtype(part) == dtype) ? dtype : DType.F32;
    }

    /**
     * Calls matrix × vector once, without inputs, so that {@code WarmingKernels} start to warm it up during packing.
     */
    public static void announce(List<Tensor> parts, TensorReader reader, Kernels kernels) {
        MemorySegment nothing = MemorySegment.ofArray(new byte[0]);
        float[] y = new float[PANEL];
        DType dtype = dtypeOf(parts, reader);
        switch (dtype) {
            case Q8_0, Q4_0 -> kernels.multiplyBlocks(
                    RoundedRows.zeros(1, 0), dtype == DType.Q8_0 ? BlockFormat.Q8_0 : BlockFormat.Q4_0, nothing, 0,
                    new float[] {1}, 0, 1, new UnpackedBlocks(false), y, 0, PANEL);
            case Q4_1, Q5_0, Q5_1, Q4_K, Q5_K, Q6_K -> kernels.multiplyKQuants(
                    RoundedRows.zeros(1, 0), KQuantFormat.of(dtype), nothing, 0, 1, new UnpackedBlocks(false), y, 0,
                    PANEL);
            case BF16 -> kernels.multiply(
                    new float[0], 0, 0, 1, 0, Format.BF16, nothing, 0, PANEL, PANEL, y, 0, 0, false);
            default -> kernels.multiply(
                    new float[0], 0, 0, 1, 0, Format.F32, nothing, 0, PANEL, PANEL, y, 0, 0, false);
        }
    }

    /**
     * Multiplies {@code count} panels from {@code panel}: y[r][outputs of the panels], from {@code yAt}, rows {@code
     * yStride} floats apart.
     */
    abstract void multiply(
            Kernels kernels, int panel, int count, Operand x, UnpackedBlocks scratch, float[] y, int yAt, int yStride);

    /** Fills a panel with rows on the heap, where single stores are cheap before they are compiled, and copies it. */
    abstract void fill(int panel, List<Tensor> rows);

    /** Reads the rows of {@code parts} that are the outputs of a panel. */
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

    /** Operation on one row of a tensor that is packed. */
    @FunctionalInterface
    interface Row {
        void fill(Tensor part, long row, int column);
    }

    /** Passes each row of {@code rows} to {@code filler}, with its column in the panel. */
    static void each(List<Tensor> rows, Row filler) {
        int column = 0;
        for (Tensor part : rows) {
            for (long row = 0; row < part.shape().get(0); row++) {
                filler.fill(part, row, column++);
            }
        }
    }

    /** Returns the number of rows of the matrix. */
    public int outputs() {
        return outputs;
    }

    /** Returns the number of columns of the matrix. */
    public int inputs() {
        return inputs;
    }

    /** Returns the outputs rounded up to whole panels: the distance, in floats, between rows of a product. */
    public int stride() {
        return panels() * PANEL;
    }

    /** Returns the format of q8_0 or q4_0 weights, or null if others are among them. */
    BlockFormat blockFormat() {
        return null;
    }

    /** Returns the formats that need sums of {@link RoundedRows}. */
    Set<KQuantFormat> kQuants() {
        return Set.of();
    }

    int panels() {
        return (outputs + PANEL - 1) / PANEL;
    }

    /** Returns the byte at which a panel begins. */
    long panelAt(int panel) {
        return panel * panelBytes;
    }

    /** Returns the size in memory, in bytes. */
    public long bytes() {
        return data.byteSize();
    }

    /** Updates {@code digest} with the first and last weights, for a fingerprint. */
    public void sample(MessageDigest digest) {
        long count = Math.min(SAMPLE, data.byteSize());
        digest.update(data.asSlice(0, count).asByteBuffer());
        digest.update(data.asSlice(data.byteSize() - count).asByteBuffer());
    }

    /** Copies one row, [inputs], such as an embedding, to {@code into} from {@code at}. */
    public abstract void row(int output, float[] into, int at);
}
