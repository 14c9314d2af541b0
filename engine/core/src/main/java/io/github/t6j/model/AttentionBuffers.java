package io.github.t6j.model;

import io.github.t6j.attention.AttentionAlgorithm;
import io.github.t6j.attention.AttentionPass;
import io.github.t6j.weights.NativeMemory;

/** Algorithm and buffers with which a sequence attends in a pass; {@link PassBuffers} keeps idle ones. */
final class AttentionBuffers implements AutoCloseable {
    final AttentionAlgorithm algorithm;
    final boolean isSingle; //       for passes of one row
    final boolean isMaterialized; // the oracle
    private final Transformer model;
    private final NativeMemory scratch = NativeMemory.shared();
    private AttentionPass batchPass; // rows of the sequence in a batch, or null

    AttentionBuffers(Transformer model, boolean isSingle, boolean isMaterialized) {
        this.model = model;
        this.isSingle = isSingle;
        this.isMaterialized = isMaterialized;
        try {
            algorithm = model.newAlgorithm(isMaterialized, scratch);
        } catch (RuntimeException | Error failure) {
            scratch.close();
            throw failure;
        }
    }

    /** Returns the pass of the sequence's next {@code rows} rows, from {@code position} on, for a batch. */
    AttentionPass batchPass(int rows, int position) {
        if (batchPass == null || batchPass.capacity() < rows) {
            batchPass = model.kinds.newPass(Activations.capacity(rows), 0);
        }
        batchPass.rows = rows;
        batchPass.position = position;
        return batchPass;
    }

    /** Frees the off-heap buffers. */
    @Override
    public void close() {
        scratch.close();
    }
}
