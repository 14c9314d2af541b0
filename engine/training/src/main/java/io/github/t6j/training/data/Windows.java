package io.github.t6j.training.data;

import io.github.t6j.training.layers.MicroBatch;
import java.util.stream.IntStream;

/**
 * Adjacent windows of ids in all shards, each with the window one id later as its targets; or the windows of packed
 * documents, with their own targets. Not thread-safe.
 */
public final class Windows {
    private final Shards data;
    private final int length;
    private final long count;
    private final int[] window; // length + 1 ids

    /**
     * @param length ids of a window; a remainder of fewer than {@code length} + 1 ids at the end of a shard is skipped
     */
    public Windows(Shards data, int length) {
        this.data = data;
        this.length = length;
        if (isPacked() && data.packedLength() != length) {
            throw new IllegalArgumentException("context: expected " + data.packedLength()
                    + ", for which the documents are packed, found " + length + ": pack them for this context");
        }
        count = IntStream.range(0, data.count()).mapToLong(this::in).sum();
        window = new int[Math.addExact(length, 1)];
    }

    private long in(int shard) {
        return isPacked() ? data.size(shard) / length : (data.size(shard) - 1) / length;
    }

    /** Returns true if the data is packed documents, whose windows are the only ones that can be read. */
    public boolean isPacked() {
        return data.packedLength() > 0;
    }

    /** Returns the number of windows. */
    public long count() {
        return count;
    }

    /** Returns the number of window {@code i} of {@code n} evenly spaced ones. */
    public long spaced(int i, int n) {
        return i * count / n;
    }

    /** Returns the number of scored targets of window {@code number}. */
    public int scored(long number) {
        if (!isPacked()) {
            return length;
        }
        int[] targets = new int[length];
        data.readTargets(number * length, targets, new int[length], 0, length);
        return MicroBatch.scored(targets);
    }

    /** Reads window {@code number} into a row of ids, targets and positions in documents, each [rows][length]. */
    public void read(long number, int[] ids, int[] targets, int[] positions, int row) {
        if (isPacked()) {
            data.read(0, number * length, ids, row * length, length);
            data.readTargets(number * length, targets, positions, row * length, length);
            return;
        }
        long left = number;
        int shard = 0;
        while (left >= in(shard)) {
            left -= in(shard++);
        }
        read(shard, left * length, ids, targets, positions, row);
    }

    /** Reads the window that begins at id {@code from} of a shard, which need not be one of the adjacent ones. */
    public void read(int shard, long from, int[] ids, int[] targets, int[] positions, int row) {
        data.read(shard, from, window, 0, window.length);
        System.arraycopy(window, 0, ids, row * length, length);
        System.arraycopy(window, 1, targets, row * length, length);
        for (int i = 0; i < length; i++) {
            positions[row * length + i] = i;
        }
    }
}
