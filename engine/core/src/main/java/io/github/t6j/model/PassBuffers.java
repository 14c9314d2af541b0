package io.github.t6j.model;

import java.util.List;
import java.util.function.Consumer;

/**
 * Idle buffers of passes, which all sequences of a model share: a sequence takes some for a pass and gives them back,
 * so that idle sequences hold none and short-lived ones leave no garbage. Their number is limited. Thread-safe.
 */
final class PassBuffers implements AutoCloseable {
    /** Maximum number of idle one-row buffers of each kind: enough for a pass of that many sequences. */
    static final int MAX_SINGLE = Batch.MAX_PASS_ROWS;

    /** Maximum number of idle many-row buffers of each kind; each takes megabytes. */
    static final int MAX_WIDE = 4;

    private final Transformer model;
    private final Stack<Activations> singleRows = new Stack<>(MAX_SINGLE, _ -> {});
    private final Stack<Activations> manyRows = new Stack<>(MAX_WIDE, _ -> {});
    private final Stack<Batch> batches = new Stack<>(MAX_WIDE, _ -> {});
    private final Stack<AttentionBuffers> singles = new Stack<>(MAX_SINGLE, AttentionBuffers::close);
    private final Stack<AttentionBuffers> wide = new Stack<>(MAX_WIDE, AttentionBuffers::close);
    private final Stack<AttentionBuffers> oracles = new Stack<>(MAX_WIDE, AttentionBuffers::close);
    private final List<Stack<?>> all = List.of(singleRows, manyRows, batches, singles, wide, oracles);

    /**
     * Idle buffers of one kind. The most recently returned buffers are reused first: they are in the processor's
     * caches, and sequences that take and return buffers in the same order get the same ones again.
     */
    private static final class Stack<B> {
        private final Object[] idle;
        private final Consumer<B> free;
        private int count;
        private boolean closed;

        private Stack(int max, Consumer<B> free) {
            idle = new Object[max];
            this.free = free;
        }

        /** Returns buffers, or null if none are idle. */
        @SuppressWarnings("unchecked")
        private synchronized B take() {
            if (count == 0) {
                return null;
            }
            B taken = (B) idle[--count];
            idle[count] = null;
            return taken;
        }

        private void give(B buffers) {
            if (!add(buffers)) {
                free.accept(buffers);
            }
        }

        private synchronized boolean add(B buffers) {
            if (closed || count == idle.length) {
                return false;
            }
            idle[count++] = buffers;
            return true;
        }

        private void trim() {
            for (B buffers = take(); buffers != null; buffers = take()) {
                free.accept(buffers);
            }
        }

        private void close() {
            synchronized (this) {
                closed = true;
            }
            trim();
        }
    }

    PassBuffers(Transformer model) {
        this.model = model;
    }

    /** Returns buffers of a pass of {@code rows} rows. */
    Activations takeActivations(int rows) {
        Activations idle = (rows == 1 ? singleRows : manyRows).take();
        return idle != null && idle.capacity >= rows
                ? idle
                : new Activations(model, Activations.capacity(rows)); // replaces smaller ones
    }

    void give(Activations activations) {
        (activations.capacity == 1 ? singleRows : manyRows).give(activations);
    }

    /** Returns attention buffers for {@code rows} rows of a sequence; {@code materialized} selects the oracle. */
    AttentionBuffers takeAttention(int rows, boolean materialized) {
        AttentionBuffers idle = kind(rows == 1, materialized).take();
        return idle != null ? idle : new AttentionBuffers(model, rows == 1, materialized);
    }

    void give(AttentionBuffers buffers) {
        buffers.algorithm.bind(null);
        kind(buffers.isSingle, buffers.isMaterialized).give(buffers);
    }

    private Stack<AttentionBuffers> kind(boolean single, boolean materialized) {
        return materialized ? oracles : single ? singles : wide;
    }

    /** Returns an empty batch. */
    Batch takeBatch() {
        Batch idle = batches.take();
        return idle != null ? idle : new Batch(model);
    }

    void give(Batch batch) {
        batches.give(batch);
    }

    /** Frees all idle buffers. */
    void trim() {
        all.forEach(Stack::trim);
    }

    /** Frees all idle buffers, and the others once they are returned. */
    @Override
    public void close() {
        all.forEach(Stack::close);
    }
}
