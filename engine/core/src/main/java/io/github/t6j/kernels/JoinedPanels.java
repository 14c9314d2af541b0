package io.github.t6j.kernels;

import io.github.t6j.weights.Tensor;
import java.lang.foreign.SegmentAllocator;
import java.security.MessageDigest;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Matrices of different quantised types, one below the other, as one. All but the last have whole panels. In files of
 * K-quants, the values' projection often has more bits than the projections of queries and keys.
 */
final class JoinedPanels extends PackedMatrix {
    private final List<PackedMatrix> parts;
    private final Set<KQuantFormat> kQuants;

    JoinedPanels(List<PackedMatrix> parts, SegmentAllocator arena) {
        super(parts.stream().mapToInt(PackedMatrix::outputs).sum(), parts.getFirst().inputs(), 0, arena);
        this.parts = parts;
        kQuants = parts.stream().flatMap(part -> part.kQuants().stream()).collect(Collectors.toUnmodifiableSet());
    }

    @Override
    Set<KQuantFormat> kQuants() {
        return kQuants;
    }

    /** Operation on a panel of one of the matrices. */
    @FunctionalInterface
    interface PanelOperation {
        void run(PackedMatrix part, int panel);
    }

    /** Passes the matrix to which {@code panel} belongs, and the index of the panel in it. */
    void at(int panel, PanelOperation operation) {
        int first = panel;
        for (PackedMatrix part : parts) {
            if (first < part.panels()) {
                operation.run(part, first);
                return;
            }
            first -= part.panels();
        }
        throw new IndexOutOfBoundsException(panel);
    }

    @Override
    void fill(int panel, List<Tensor> rows) {
        at(panel, (part, index) -> part.fill(index, rows));
    }

    @Override
    public long bytes() {
        return parts.stream().mapToLong(PackedMatrix::bytes).sum();
    }

    @Override
    public void sample(MessageDigest digest) {
        parts.forEach(part -> part.sample(digest));
    }

    @Override
    public void row(int output, float[] into, int at) {
        at(output / PANEL, (part, index) -> part.row(index * PANEL + output % PANEL, into, at));
    }

    @Override
    void multiply(
            Kernels kernels, int panel, int count, Operand x, UnpackedBlocks scratch, float[] y, int yAt, int yStride) {
        int first = 0; // panel of a part
        for (int i = 0; i < parts.size(); i++) {
            PackedMatrix part = parts.get(i);
            int from = Math.max(panel, first);
            int to = Math.min(panel + count, first + part.panels());
            if (from < to) {
                int at = yAt + (from - panel) * PANEL;
                part.multiply(kernels, from - first, to - from, x, scratch, y, at, yStride);
            }
            first += part.panels();
        }
    }
}
