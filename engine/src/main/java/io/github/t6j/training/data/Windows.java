package io.github.t6j.training.data;

import io.github.t6j.training.TokenData;

/** Adjacent windows of ids for evaluation. */
public final class Windows {
    private final TokenData data;
    private final int context;
    private final long all;
    private final int count;
    private final int[] window;

    /**
     * @param context ids of a window; the target of its last id is the first id of the next window
     * @param most most windows; if the data has more, evenly spaced ones are used
     * @throws IllegalArgumentException if {@code most} is below 1 or no shard has a window and the id after it
     */
    public Windows(TokenData data, int context, int most) {
        if (most < 1) {
            throw new IllegalArgumentException("windows: expected 1 or more, found " + most);
        }
        this.data = data;
        this.context = context;
        long windows = 0;
        for (int shard = 0; shard < data.shards(); shard++) {
            windows += in(shard);
        }
        if (windows == 0) {
            throw new IllegalArgumentException("validation: expected data of more than " + context
                    + " tokens (the context) in a shard, found " + data.size()
                    + " in all: give more text or a shorter context");
        }
        all = windows;
        count = (int) Math.min(windows, most);
        window = new int[context + 1];
    }

    private long in(int shard) {
        return Math.max(0, (data.size(shard) - 1) / context);
    }

    public int count() {
        return count;
    }

    /** Reads {@code rows} windows from {@code first} on into ids and targets, each [rows][context]. */
    public void read(int first, int rows, int[] ids, int[] targets) {
        for (int row = 0; row < rows; row++) {
            long left = (first + row) * all / count;
            int shard = 0;
            while (left >= in(shard)) {
                left -= in(shard++);
            }
            data.read(shard, left * context, window, 0, context + 1);
            System.arraycopy(window, 0, ids, row * context, context);
            System.arraycopy(window, 1, targets, row * context, context);
        }
    }
}
