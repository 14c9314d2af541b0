package io.github.t6j.model;

import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.PackedMatrix;

/** Bytes that a transformer takes: its weights, the caches of its sequences, and the pages that these share. */
public final class TransformerMemory {
    private final Transformer model;

    TransformerMemory(Transformer model) {
        this.model = model;
    }

    /** Returns the bytes of the matrices. */
    public long weights() {
        long bytes = model.weights.output().bytes();
        for (Block block : model.weights.blocks()) {
            bytes += block.matrices().mapToLong(PackedMatrix::bytes).sum() + block.attention().weightBytes();
        }
        return bytes;
    }

    /** Returns the bytes of the matrices that decoding a token reads: all except the experts that are not chosen. */
    public long activeWeights() {
        long bytes = weights();
        for (Block block : model.weights.blocks()) {
            FeedForward feedForward = block.feedForward();
            bytes += feedForward.activeBytes() - feedForward.matrices().mapToLong(PackedMatrix::bytes).sum();
        }
        return bytes;
    }

    /** Returns the bytes that all sequences share: pages of fixed factors and their rotations by position. */
    public long shared() {
        return model.shared.bytes();
    }

    /** Returns the elements that a position takes once, for all layers and sequences; 0 if all layers keep a state. */
    public int sharedElementsPerPosition() {
        return model.kinds.hasPages(false) ? model.shared.elementsPerPosition() : 0;
    }

    private long sharedPages(boolean materialized, int tokens) {
        long elements = model.kinds.hasPages(materialized) ? model.shared.elementsPerPosition() : 0;
        return elements * Float.BYTES * tokens;
    }

    /**
     * Returns the bytes of {@code tokens} tokens of a sequence, in its cache and in the pages that all sequences share,
     * without states.
     *
     * @param format format of the cache's elements
     * @param materialized true for the oracle's cache
     */
    public long tokens(Format format, boolean materialized, int tokens) {
        return model.kinds.tokenBytes(format, materialized, tokens) + sharedPages(materialized, tokens);
    }

    /**
     * Returns the bytes allocated for a sequence limited to {@code tokens} tokens once it is full: its cache, and the
     * pages of these positions that all sequences share.
     */
    public long fullSequence(Format format, boolean materialized, int tokens) {
        return model.kinds.fullBytes(format, materialized, tokens) + sharedPages(materialized, tokens);
    }

    /** Returns the approximate bytes of buffers for a sequence's largest pass. */
    public long pass() {
        return new Activations(model, 1).bytes(Transformer.MAX_PASS_ROWS);
    }
}
