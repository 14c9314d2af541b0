package io.github.t6j.training;

import io.github.t6j.random.SplitMix64;
import java.util.Arrays;

/**
 * Which ids come next: windows of T ids, with the ids that follow each of them as targets, the window one further on. All
 * is determined by the data's sizes, T, the order and the seed; how many windows were taken is all that changes. For one
 * thread.
 */
public final class BatchOrder {
    private static final int STATE = 5;
    private static final int ROUNDS = 8;

    private final TokenData data;
    private final Order order;
    private final int length;
    private final long[] ends; // of the shards' windows, when all windows are counted through
    private final int[] window; // T + 1 ids
    private long seed;
    private long taken;

    /** An order of windows. */
    public enum Order {
        /**
         * As the official script draws them: a shard for each batch, each as likely whatever its size, then a start for each
         * row, each as likely, windows overlapping and coming again.
         */
        RANDOM,

        /**
         * Epoch after epoch, in which each window comes once, in an order of that epoch's own. Windows begin at 0, T, 2·T …
         * of each shard; what is left at a shard's end, fewer than T + 1 ids, does not come.
         */
        EPOCH
    }

    /**
     * An order at its beginning.
     *
     * @param contextLength T
     * @throws IllegalArgumentException if T is not 1 or more, or the data, in RANDOM each shard, has not T + 1 ids
     */
    public BatchOrder(TokenData data, Order order, int contextLength, long seed) {
        if (contextLength < 1) {
            throw new IllegalArgumentException("contextLength: expected 1 or more, found " + contextLength);
        }
        this.data = data;
        this.order = order;
        this.seed = seed;
        length = contextLength;
        window = new int[Math.addExact(contextLength, 1)];
        ends = new long[data.shards()];
        long end = 0;
        for (int shard = 0; shard < ends.length; shard++) {
            end += windows(shard);
            ends[shard] = end;
        }
        if (end == 0) {
            throw new IllegalArgumentException("the data: expected a sequence of " + window.length + " ids or more, one"
                    + " more than the context, found " + data.size()
                    + " ids in all: give more text or a shorter context");
        }
    }

    /** How many windows a shard has, by this order. */
    private long windows(int shard) {
        long size = data.size(shard);
        if (order == Order.RANDOM && size <= length) {
            throw new IllegalArgumentException("shard " + shard + " of the data: expected " + window.length
                    + " ids or more, one more than the context, found " + size);
        }
        return order == Order.RANDOM ? size - length : (size - 1) / length;
    }

    /** Windows of an epoch; in RANDOM, the windows that may come. */
    public long windows() {
        return ends[ends.length - 1];
    }

    /** Windows that were taken since the beginning. */
    public long taken() {
        return taken;
    }

    /**
     * The next batch.
     *
     * @param ids becomes [rows][T]
     * @param targets becomes [rows][T], each row the ids that follow
     * @throws IllegalArgumentException if an array is shorter
     */
    public void next(int[] ids, int[] targets, int rows) {
        if (rows < 1 || (long) rows * length > Math.min(ids.length, targets.length)) {
            throw new IllegalArgumentException("expected 1 row or more, and arrays of rows * " + length + ", found "
                    + rows + " rows, and arrays of " + ids.length + " and " + targets.length);
        }
        int shard = order == Order.RANDOM ? (int) below(ends.length, draw(2 * taken)) : -1;
        for (int row = 0; row < rows; row++, taken++) {
            if (order == Order.RANDOM) {
                long starts = ends[shard] - (shard == 0 ? 0 : ends[shard - 1]);
                data.read(shard, below(starts, draw(2 * taken + 1)), window, 0, window.length);
            } else {
                readOfEpoch();
            }
            System.arraycopy(window, 0, ids, row * length, length);
            System.arraycopy(window, 1, targets, row * length, length);
        }
    }

    private void readOfEpoch() {
        long place = permute(taken % windows(), windows(), draw(taken / windows()));
        int shard = 0;
        while (ends[shard] <= place) {
            shard++;
        }
        long first = shard == 0 ? 0 : ends[shard - 1];
        data.read(shard, (place - first) * length, window, 0, window.length);
    }

    /** What tells this order and its place: with {@link #restore} it goes on exactly. */
    public long[] state() {
        return new long[] {order.ordinal(), length, windows(), seed, taken};
    }

    /**
     * Goes on where {@code state} was taken, with its seed.
     *
     * @throws IllegalArgumentException if it is of another order, context or data
     */
    public void restore(long[] state) {
        long[] own = state();
        if (state.length != STATE || !Arrays.equals(state, 0, 3, own, 0, 3) || state[4] < 0) {
            throw new IllegalArgumentException("the state of the data's order: expected " + order + " (" + own[0]
                    + ") with a context of " + length + " and " + own[2] + " windows, found " + Arrays.toString(state)
                    + "; go on with the same data, order and context");
        }
        seed = state[3];
        taken = state[4];
    }

    /** The number of that index of this seed's own sequence, which is that of SplitMix64. */
    private long draw(long index) {
        return SplitMix64.at(seed, index);
    }

    /** A number below {@code bound} from 64 random bits. */
    private static long below(long bound, long bits) {
        return Math.unsignedMultiplyHigh(bits, bound);
    }

    /**
     * Where {@code index} goes in a random order of 0 … size − 1, which takes no memory: a Feistel network permutes the
     * numbers of an even number of bits, again until the result is below {@code size} (Black and Rogaway 2002).
     */
    static long permute(long index, long size, long key) {
        int half = Math.max(1, (Long.SIZE - Long.numberOfLeadingZeros(size - 1) + 1) / 2);
        long mask = (1L << half) - 1;
        long place = index;
        do {
            for (int round = 0; round < ROUNDS; round++) {
                long right = place & mask;
                place = right << half | (place >>> half ^ SplitMix64.mix(key + round ^ right << 8)) & mask;
            }
        } while (place >= size);
        return place;
    }
}
