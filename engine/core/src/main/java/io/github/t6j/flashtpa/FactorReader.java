package io.github.t6j.flashtpa;

import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.tpa.FactorRow;
import io.github.t6j.flashtpa.FlashTpa.Factors;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Reader of a caller's factors into rows of projections, with the sigmoid and the scales of the options. */
final class FactorReader {
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

    final int queryVectors; // B_Q, or whole heads
    final double valueFactor; // factor of outputs
    final int keyHeads; // H, or K of steps
    private final FlashTpa.Shape shape;
    private final FlashTpa.Options options;
    private final FactorRow offsets;
    private final double queryFactor; // scale of factors or whole queries, relative to the attention's

    FactorReader(FlashTpa.Shape shape, FlashTpa.Options options, FactorRow offsets) {
        this.shape = shape;
        this.offsets = offsets;
        this.options = options;
        queryVectors = shape.queryRank() == 0 ? shape.heads() : shape.queryRank();
        keyHeads = FlashTpaSteps.keyHeads(options, shape);
        queryFactor = FlashTpaSteps.queryFactor(options, shape);
        valueFactor = options.valueScale() / (1.0 / shape.valueRank());
    }

    /** Copies the keys and values of token {@code index} to a row. */
    void token(Factors keys, Factors values, long index, float[] row) {
        read(keys.b(), index, row, offsets.bK(), shape.keyRank() * shape.headDim());
        headFactors(keys.a(), index, row, offsets.aK(), keyHeads * shape.keyRank());
        headFactors(values.a(), index, row, offsets.aV(), keyHeads * shape.valueRank());
        read(values.b(), index, row, offsets.bV(), shape.valueRank() * shape.valueDim());
    }

    /** Copies query {@code index} to row {@code to} of a pass, with its head factors or whole heads scaled. */
    void query(Factors q, long index, AttentionPass pass, int to) {
        float[] row = pass.projections;
        int at = pass.at(to);
        read(q.b(), index, row, at + offsets.bQ(), queryVectors * shape.headDim());
        headFactors(q.a(), index, row, at + offsets.aQ(), shape.heads() * shape.queryRank());
        boolean whole = shape.queryRank() == 0;
        int from = at + (whole ? offsets.bQ() : offsets.aQ());
        int count = shape.heads() * (whole ? shape.headDim() : shape.queryRank());
        for (int i = from; i < from + count; i++) {
            row[i] = (float) (row[i] * queryFactor);
        }
        FlashTpaSteps.prepare(options, shape, pass, to);
    }

    private void headFactors(MemorySegment from, long index, float[] row, int at, int count) {
        read(from, index, row, at, count);
        int end = options.sigmoid() ? at + count : at;
        for (int i = at; i < end; i++) {
            row[i] = (float) (1 / (1 + StrictMath.exp(-row[i])));
        }
    }

    /** Copies the {@code count} elements of token or query {@code index}. */
    private static void read(MemorySegment from, long index, float[] row, int at, int count) {
        MemorySegment.copy(from, FLOAT, index * count * Float.BYTES, row, at, count);
    }
}
