package io.github.t6j.training;

import io.github.t6j.training.layers.MicroBatch;
import java.util.Arrays;
import java.util.function.IntConsumer;

/** Maker of a run's updates: reads micro-batches, sums or averages their gradients, clips them, and steps AdamW. */
final class Updates {
    /** Weighs all micro-batches of an update equally. */
    private static final long EQUAL = 0;

    private final TrainableModel model;
    private final AdamW optimizer;
    private final Runnable beforeBatch;
    private int[] ids;
    private int[] targets;
    private int[] positions; // of ids in their documents

    /**
     * @param beforeBatch called before each micro-batch; an exception ends the update, and the weights stay unchanged
     */
    Updates(TrainableModel model, AdamW optimizer, TrainingOptions.Batches batches, Runnable beforeBatch) {
        this.model = model;
        this.optimizer = optimizer;
        this.beforeBatch = beforeBatch;
        makeRoom(batches);
    }

    /** Makes room for a micro-batch. */
    void makeRoom(TrainingOptions.Batches batches) {
        ids = new int[batches.sequences() * batches.context()];
        targets = new int[ids.length];
        positions = new int[ids.length];
    }

    /**
     * Makes one update with the next batches of {@code order}, which stays where it is if the update fails.
     *
     * @param steps number of updates made before
     */
    StepResult next(TrainingOptions options, long steps, BatchOrder order) {
        TrainingOptions.Batches batches = options.batches();
        long[] before = order.state();
        try {
            long scored = order.scored((long) batches.sequences() * batches.accumulation());
            return next(options, steps, _ -> order.next(ids, targets, positions, batches.sequences()), scored);
        } catch (RuntimeException | Error failure) {
            order.restore(before);
            throw failure;
        }
    }

    /** Makes one update with the caller's micro-batches; {@link Trainer#step(int[], int[])} documents it. */
    StepResult next(TrainingOptions options, long steps, int[] batch, int[] following) {
        long expected = (long) ids.length * options.batches().accumulation();
        TrainingOptions.check("batch", batch.length == expected && following.length == expected,
                expected + " ids and targets", batch.length + " and " + following.length);
        for (int from = 0; from < following.length; from += ids.length) {
            if (Arrays.stream(following, from, from + ids.length).allMatch(id -> id == MicroBatch.IGNORED)) {
                throw new IllegalArgumentException(
                        "targets from " + from + ": expected at least one id in each micro-batch, "
                                + "found only " + MicroBatch.IGNORED);
            }
        }
        countPositions(options.batches());
        return next(options, steps, part -> {
            System.arraycopy(batch, part * ids.length, ids, 0, ids.length);
            System.arraycopy(following, part * ids.length, targets, 0, ids.length);
        }, EQUAL);
    }

    /** Makes each sequence of the micro-batch one document. */
    private void countPositions(TrainingOptions.Batches batches) {
        Arrays.setAll(positions, row -> row % batches.context());
    }

    /**
     * @param source fills {@link #ids}, {@link #targets} and {@link #positions} with a micro-batch of the update, by
     *     its index
     * @param scored number of scored targets of the update, by which micro-batches are weighted, or {@link #EQUAL}
     */
    private StepResult next(TrainingOptions options, long steps, IntConsumer source, long scored) {
        long step = steps + 1;
        double loss = gradients(options.batches(), source, scored);
        double norm = optimizer.gradientNorm();
        if (!Double.isFinite(loss) || !Double.isFinite(norm)) {
            throw new IllegalStateException("step " + step + ": expected a finite loss and gradient norm, "
                    + "found loss " + loss + " and norm " + norm
                    + ": start a new run with a lower learning rate");
        }
        double rate = options.rate().at(steps);
        optimizer.step(rate, step, options.optimizer().factor(norm));
        return new StepResult(step, loss, norm, rate);
    }

    /**
     * Returns the loss of an update. Sets the gradients to its derivatives, or to the sum of the derivatives of the
     * micro-batches' mean losses if the options add them.
     */
    private double gradients(TrainingOptions.Batches batches, IntConsumer source, long scored) {
        model.clearGradients();
        double loss = 0;
        for (int part = 0; part < batches.accumulation(); part++) {
            beforeBatch.run();
            source.accept(part);
            double share = scored == EQUAL
                    ? 1.0 / batches.accumulation()
                    : (double) MicroBatch.scored(targets) / scored;
            MicroBatch batch = model.begin(ids, targets, positions, batches.sequences(), batches.context());
            loss += share * model.lossAndGradient(batch, batches.adds() ? 1f : (float) share);
        }
        return loss;
    }

    /** Measures the seconds of an update by computing one with meaningless ids; the weights stay unchanged. */
    double seconds(TrainingOptions.Batches batches) {
        Arrays.fill(targets, 0);
        countPositions(batches);
        long start = System.nanoTime();
        gradients(batches, _ -> {
        }, EQUAL);
        optimizer.gradientNorm();
        return (System.nanoTime() - start) / 1e9;
    }
}
