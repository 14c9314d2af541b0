package io.github.t6j.training;

import io.github.t6j.training.data.DataFingerprint;

/** Position of a run in its data; every step must read the same data. Not thread-safe. */
final class DataPosition {
    private final TrainingOptions options;
    private DataFingerprint fingerprint; // of the data that the state refers to, or null
    private long[] saved; // state until the first step
    private BatchOrder order; // over the data of the last step, or null
    private TokenData data;

    /**
     * Creates the position of a new or restored run.
     *
     * @param fingerprint fingerprint of the data that the run has read, or null
     * @param state state of the {@link BatchOrder} over it; empty without data
     */
    DataPosition(TrainingOptions options, DataFingerprint fingerprint, long[] state) {
        this.options = options;
        this.fingerprint = fingerprint;
        saved = state;
    }

    /**
     * Returns the order over {@code next}, at this position.
     *
     * @throws IllegalArgumentException if this run has read other data before
     */
    BatchOrder of(TokenData next) {
        if (data != next) {
            open(next);
        }
        return order;
    }

    /**
     * Checks that {@code next} is the data that this run has read so far, if it has read any, and returns its
     * fingerprint.
     *
     * @throws IllegalArgumentException if this run has read other data before
     */
    DataFingerprint check(TokenData next) {
        DataFingerprint found = DataFingerprint.of(next.ids());
        if (fingerprint != null && !fingerprint.equals(found)) {
            throw new IllegalArgumentException("data: expected the data that this run has read so far, "
                    + fingerprint.ids() + " ids, found "
                    + (fingerprint.ids() == found.ids() ? "other ids" : found.ids() + " ids")
                    + ": give the same files, or start a new run from the model");
        }
        return found;
    }

    private void open(TokenData next) {
        DataFingerprint found = check(next);
        TrainingOptions.Batches batches = options.batches();
        BatchOrder opened = new BatchOrder(next, batches.order(), batches.context(), options.seed());
        long[] state = state();
        if (state.length > 0) {
            opened.restore(state);
        }
        fingerprint = found;
        order = opened;
        data = next;
    }

    /** Returns the fingerprint of the data that the run has read, or null. */
    DataFingerprint fingerprint() {
        return fingerprint;
    }

    /** Returns the state of the order; empty if the run has read no data. */
    long[] state() {
        return order == null ? saved : order.state();
    }
}
