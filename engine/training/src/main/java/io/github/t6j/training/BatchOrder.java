package io.github.t6j.training;

import io.github.t6j.random.SplitMix64;
import io.github.t6j.training.data.Windows;
import java.util.Arrays;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * Order in which training reads its data: windows of T ids, each with the window one id later as its targets, or the
 * windows of packed documents. The sizes of the shards, T, the order and the seed determine every batch; the only
 * state is the number of windows taken. Not thread-safe.
 */
public final class BatchOrder {
    private static final int ROUNDS = 8;

    private final TokenData data;
    private final Order order;
    private final int length;
    private final Windows adjacent;
    private long seed;
    private long taken;

    /** Order of the windows. */
    public enum Order {
        /**
         * Sampling with replacement, as in the official script: a shard for each batch, uniform whatever its size, then
         * a uniform start for each row. Windows may overlap and repeat. Windows of packed documents may only repeat.
         */
        RANDOM,

        /**
         * Epochs: each contains every window once, in another order. Windows begin at 0, T, 2·T … of each shard; a
         * remainder of fewer than T + 1 ids at the end of a shard is skipped.
         */
        EPOCH
    }

    /**
     * Creates an order at its beginning.
     *
     * @param contextLength T
     * @throws IllegalArgumentException if T is below 1, or the data (RANDOM: each shard) has fewer than T + 1 ids
     */
    public BatchOrder(TokenData data, Order order, int contextLength, long seed) {
        TrainingOptions.check("contextLength", contextLength >= 1, "1 or more", contextLength);
        this.data = Objects.requireNonNull(data, "data");
        this.order = Objects.requireNonNull(order, "order");
        this.seed = seed;
        length = contextLength;
        adjacent = new Windows(data.ids(), length);
        TrainingOptions.check("data", windows() > 0,
                "a shard of " + (length + 1) + " ids or more, one more than the context",
                data.size() + " ids in all: give more text or a shorter context");
    }

    /** Returns the number of windows of a shard that may overlap. */
    private long starts(int shard) {
        long size = data.size(shard);
        if (size <= length) {
            throw new IllegalArgumentException("data: shard " + shard + ": expected " + (length + 1)
                    + " ids or more, one more than the context, found " + size);
        }
        return size - length;
    }

    /** Returns the number of windows of an epoch; in RANDOM, the number of windows to draw from. */
    public long windows() {
        return order == Order.RANDOM && !adjacent.isPacked()
                ? IntStream.range(0, data.shards()).mapToLong(this::starts).sum()
                : adjacent.count();
    }

    /** Returns the number of windows taken since the beginning. */
    public long taken() {
        return taken;
    }

    /**
     * Reads the next batch.
     *
     * @param ids [rows][T], written
     * @param targets [rows][T], written: the id after each of {@code ids}, or −1 if it is not scored
     * @throws IllegalArgumentException if {@code rows} is below 1 or an array is too short
     */
    public void next(int[] ids, int[] targets, int rows) {
        next(ids, targets, new int[Objects.requireNonNull(ids, "ids").length], rows);
    }

    /**
     * Reads the next batch.
     *
     * @param ids [rows][T], written
     * @param targets [rows][T], written: the id after each of {@code ids}, or −1 if it is not scored
     * @param positions [rows][T], written: the position of each of {@code ids} in its document, or else in its window
     * @throws IllegalArgumentException if {@code rows} is below 1 or an array is too short
     */
    public void next(int[] ids, int[] targets, int[] positions, int rows) {
        Objects.requireNonNull(ids, "ids");
        Objects.requireNonNull(targets, "targets");
        Objects.requireNonNull(positions, "positions");
        if (rows < 1 || (long) rows * length > Math.min(ids.length, Math.min(targets.length, positions.length))) {
            throw new IllegalArgumentException("batch: expected 1 row or more and arrays of rows * " + length
                    + " ids, found " + rows + " rows and arrays of " + ids.length + " and " + targets.length);
        }
        boolean anywhere = order == Order.RANDOM && !adjacent.isPacked();
        int shard = anywhere ? (int) below(data.shards(), draw(2 * taken)) : -1;
        for (int row = 0; row < rows; row++, taken++) {
            if (anywhere) {
                adjacent.read(shard, below(starts(shard), draw(2 * taken + 1)), ids, targets, positions, row);
            } else {
                adjacent.read(window(taken), ids, targets, positions, row);
            }
        }
    }

    /** Returns the number of the window that is taken after {@code before} others. */
    private long window(long before) {
        return order == Order.RANDOM
                ? below(windows(), draw(2 * before + 1))
                : permute(before % windows(), windows(), draw(before / windows()));
    }

    /** Returns the number of scored targets in the next {@code count} windows, which remain the next. */
    long scored(long count) {
        if (!adjacent.isPacked()) {
            return count * length;
        }
        long scored = 0;
        for (long i = 0; i < count; i++) {
            scored += adjacent.scored(window(taken + i));
        }
        return scored;
    }

    /** Returns the state of this order, for {@link #restore} to continue exactly from here. */
    public long[] state() {
        return new long[] {order.ordinal(), length, windows(), seed, taken};
    }

    /**
     * Continues from where {@code state} was taken, with its seed.
     *
     * @throws IllegalArgumentException if it belongs to another order, context or data
     */
    public void restore(long[] state) {
        Objects.requireNonNull(state, "state");
        long[] present = state();
        if (state.length != present.length || !Arrays.equals(state, 0, 3, present, 0, 3) || state[4] < 0) {
            throw new IllegalArgumentException("state of the data order: expected " + order + " (" + present[0]
                    + ") with a context of " + length + " and " + present[2] + " windows, found "
                    + Arrays.toString(state)
                    + ": resume with the same data, order and context");
        }
        seed = state[3];
        taken = state[4];
    }

    /** Returns the number at {@code index} of the SplitMix64 sequence of this seed. */
    private long draw(long index) {
        return SplitMix64.at(seed, index);
    }

    /** Maps 64 random bits to a number from 0 to {@code bound} − 1. */
    private static long below(long bound, long bits) {
        return Math.unsignedMultiplyHigh(bits, bound);
    }

    /**
     * Returns the image of {@code index} under a random permutation of 0 … size − 1 that needs no memory: a Feistel
     * network permutes the numbers of an even number of bits, repeatedly until the result is below {@code size} (Black
     * and Rogaway 2002).
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
