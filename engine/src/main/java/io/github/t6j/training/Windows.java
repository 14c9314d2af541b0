package io.github.t6j.training;

/** Windows of some data that lie side by side, to evaluate on. */
final class Windows {
    private final TokenData data;
    private final int context;
    private final long all;
    private final int count;
    private final int[] window;

    /**
     * @param context ids of a window; the target of its last is the first of the next
     * @param most windows at most: if there are more, evenly spread ones
     * @throws IllegalArgumentException if there is none
     */
    Windows(TokenData data, int context, int most) {
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
                    + " tokens, the context, found " + data.size() + ": give more text, or a smaller context");
        }
        all = windows;
        count = (int) Math.min(windows, most);
        window = new int[context + 1];
    }

    private long in(int shard) {
        return Math.max(0, (data.size(shard) - 1) / context);
    }

    int count() {
        return count;
    }

    /** Puts {@code rows} windows from {@code first} on into ids and targets, [rows][context]. */
    void read(int first, int rows, int[] ids, int[] targets) {
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
