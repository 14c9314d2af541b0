package io.github.t6j.model;

import io.github.t6j.kernels.Exp2;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.PackedMatrix;
import java.util.Arrays;
import java.util.stream.Stream;

/**
 * Mixture of experts (Shazeer et al., 2017): the router chooses {@code used} experts for each row, and the update is
 * the sum of their outputs, each times its weight. An expert is down · (silu(gate · h) ∘ (up · h)); with a sigmoid
 * router ({@link Sigmoid}) it is down · max(up · h, 0)². Experts may work in a latent, and beside a shared expert.
 *
 * <p>The rows of a pass are sorted by expert, and only chosen experts are read. Each row sums its experts' outputs by
 * ascending index, so its bits do not depend on the other rows.
 */
final class Experts implements FeedForward {
    private final PackedMatrix router;
    private final PackedMatrix[] gateUp;
    private final PackedMatrix[] down;
    private final int used;
    private final boolean normalised;
    private final Sigmoid sigmoid; // or null
    private final RowOperation choose = this::choose;
    private final RowOperation gate = this::gate;
    private final RowOperation add = this::add;
    private final RowOperation addRouted = this::addRouted;

    /**
     * @param router [experts][width], never quantised: a rounded row could choose other experts
     * @param gateUp of each expert, [2·hidden][width], gate above up
     * @param down of each expert, [width][hidden]
     * @param used number of experts that a row uses
     * @param normalised true if the weights of a row's experts are divided by their sum
     */
    Experts(PackedMatrix router, PackedMatrix[] gateUp, PackedMatrix[] down, int used, boolean normalised) {
        this(router, gateUp, down, used, normalised, null);
    }

    /** Creates experts of a sigmoid router; {@code gateUp} of each expert is [hidden][width or latent]. */
    Experts(PackedMatrix router, PackedMatrix[] gateUp, PackedMatrix[] down, int used, Sigmoid sigmoid) {
        this(router, gateUp, down, used, used > 1, sigmoid);
    }

    private Experts(
            PackedMatrix router, PackedMatrix[] gateUp, PackedMatrix[] down, int used, boolean normalised,
            Sigmoid sigmoid) {
        this.sigmoid = sigmoid;
        this.router = router;
        this.gateUp = gateUp;
        this.down = down;
        this.used = used;
        this.normalised = normalised;
    }

    /**
     * Sigmoid router (DeepSeek-AI, 2024), and what is beside the experts. A row chooses by sigmoid(score) + bias and
     * weighs by sigmoid(score).
     *
     * @param bias [experts]
     * @param scale factor of the weights
     * @param into matrix into the latent, [latent][width], or null if experts read rows
     * @param outOf matrix out of the latent, [width][latent], or null
     * @param shared expert of all rows, or null
     * @param sharedGate [width], or null without a gate
     */
    record Sigmoid(float[] bias, float scale, PackedMatrix into, PackedMatrix outOf, GatedFeedForward shared,
            float[] sharedGate) {
        private Stream<PackedMatrix> matrices() {
            Stream<PackedMatrix> latent = into == null ? Stream.of() : Stream.of(into, outOf);
            return shared == null ? latent : Stream.concat(latent, shared.matrices());
        }
    }

    /** Buffers of a pass. A slot is a row of an expert. */
    static final class Buffers {
        final float[] scores; //  [rows][padded experts]
        final float[] chances; // [rows][padded experts], sigmoids of scores; empty without a sigmoid router
        final float[] latents; // [rows][padded latent], inputs of experts; empty without a latent
        final float[] sums; //    [rows][padded latent], sums of their outputs; empty without a latent
        final float[] routed; //  [rows][updateStride], the sums out of the latent; empty without a latent
        final int[] chosen; //    [rows][used], ascending
        final float[] weights; // [rows][used]
        final int[] slots; //     [rows][used], slot of each choice
        final int[] rows; //      [slots], row of each slot
        final int[] firsts; //    [experts + 1], first slot of each expert; after the last, the number of slots
        final float[] gateUp; //  [slots at a time][gateUpStride]
        final float[] hidden; //  [slots at a time][hidden]
        final float[] outputs; // [slots at a time][updateStride]
        final int capacity; // slots at a time
        int begin; // first slot of the current batch of slots
        int end;

        Buffers(
                ModelConfig.Experts experts, ModelConfig.LatentExperts latent, int maximumRows, int gateUpStride,
                int scoresStride, int updateStride) {
            scores = new float[maximumRows * scoresStride];
            chances = new float[latent == null ? 0 : scores.length];
            boolean hasLatent = latent != null && latent.width() > 0;
            latents = new float[hasLatent ? maximumRows * Kernels.padded(latent.width()) : 0];
            sums = new float[latents.length];
            routed = new float[hasLatent ? maximumRows * updateStride : 0];
            chosen = new int[maximumRows * experts.used()];
            weights = new float[maximumRows * experts.used()];
            slots = new int[maximumRows * experts.used()];
            rows = new int[maximumRows * experts.used()];
            firsts = new int[experts.count() + 1];
            capacity = slotsAtATime(experts, maximumRows);
            gateUp = new float[capacity * gateUpStride];
            hidden = new float[capacity * experts.hidden()];
            outputs = new float[capacity * updateStride];
        }

        /** Returns the number of slots computed together: enough for one row, or for all rows of one expert. */
        static int slotsAtATime(ModelConfig.Experts experts, int rows) {
            return Math.max(rows, experts.used());
        }

        /** Returns the number of floats for passes of {@code rows} rows. */
        long floats(ModelConfig.Experts experts, int passRows) {
            int rowCapacity = chosen.length / experts.used();
            long perRow = scores.length + chances.length + latents.length + sums.length + routed.length;
            return (perRow / rowCapacity + 4L * experts.used()) * passRows
                    + ((long) gateUp.length + hidden.length + outputs.length) / capacity
                            * slotsAtATime(experts, passRows);
        }
    }

    @Override
    public void forward(Activations a) {
        Buffers buffers = a.experts;
        a.matMul.multiply(router, a.normed, router.inputs(), a.rows(), buffers.scores);
        float[] inputs = a.normed;
        int stride = router.inputs();
        if (sigmoid != null) {
            if (sigmoid.shared != null) {
                sigmoid.shared.forward(a);
            }
            if (sigmoid.into != null) {
                inputs = buffers.latents;
                stride = sigmoid.into.stride();
                a.matMul.multiply(sigmoid.into, a.normed, router.inputs(), a.rows(), inputs);
            }
        }
        a.eachRow(choose);
        sort(buffers, a.rows());
        forwardAll(a, inputs, stride);
        if (hasLatent()) {
            a.matMul.multiply(sigmoid.outOf, buffers.sums, sigmoid.into.stride(), a.rows(), buffers.routed);
            a.eachRow(addRouted);
        }
    }

    private boolean hasLatent() {
        return sigmoid != null && sigmoid.into != null;
    }

    private void forwardAll(Activations a, float[] inputs, int stride) {
        Buffers buffers = a.experts;
        for (int expert = 0, next; expert < gateUp.length; expert = next) {
            next = expert + 1;
            while (next < gateUp.length && buffers.firsts[next + 1] - buffers.firsts[expert] <= buffers.capacity) {
                next++;
            }
            buffers.begin = buffers.firsts[expert];
            buffers.end = buffers.firsts[next];
            if (buffers.begin < buffers.end) {
                forward(a, inputs, stride, expert, next);
            }
        }
    }

    /** Computes the outputs of consecutive experts, and adds them to the update. */
    private void forward(Activations a, float[] inputs, int stride, int from, int to) {
        Buffers buffers = a.experts;
        a.grouped.multiply(gateUp, from, to, buffers.firsts, buffers.rows, inputs, stride, buffers.gateUp);
        a.each(buffers.end - buffers.begin, gate);
        a.grouped.multiply(down, from, to, buffers.firsts, null, buffers.hidden, down[0].inputs(), buffers.outputs);
        a.eachRow(add);
    }

    private void gate(Activations a, int slot, int worker) {
        int hidden = down[0].inputs();
        int at = slot * gateUp[0].stride();
        if (sigmoid != null) {
            GatedFeedForward.squaredRelu(a.experts.gateUp, at, hidden, a.experts.hidden, slot * hidden);
        } else {
            a.kernels.swiGlu(a.experts.gateUp, at, at + hidden, hidden, a.experts.hidden, slot * hidden);
        }
    }

    /** Adds the outputs of a row's experts that have been computed. */
    private void add(Activations a, int row, int worker) {
        Buffers buffers = a.experts;
        for (int choice = row * used; choice < (row + 1) * used; choice++) {
            int slot = buffers.slots[choice];
            if (slot >= buffers.begin && slot < buffers.end) {
                int from = (slot - buffers.begin) * down[0].stride();
                if (hasLatent()) {
                    addToSum(buffers, row, buffers.weights[choice], from);
                } else {
                    a.addToUpdate(row, buffers.weights[choice], buffers.outputs, from);
                }
            }
        }
    }

    private void addToSum(Buffers buffers, int row, float factor, int from) {
        int to = row * sigmoid.into.stride();
        for (int i = 0; i < sigmoid.into.outputs(); i++) {
            buffers.sums[to + i] += factor * buffers.outputs[from + i];
        }
    }

    /** Adds the experts' part, out of the latent, to the shared expert's. */
    private void addRouted(Activations a, int row, int worker) {
        a.addToUpdate(row, 1f, a.experts.routed, row * sigmoid.outOf.stride());
    }

    /** Prepares the sums of a row: the shared expert's output, times its gate, or zeros. */
    private void beginSums(Activations a, int row) {
        if (hasLatent()) {
            int at = row * sigmoid.into.stride();
            Arrays.fill(a.experts.sums, at, at + sigmoid.into.stride(), 0f);
        }
        if (sigmoid == null || sigmoid.shared == null) {
            a.clearUpdate(row);
        } else if (sigmoid.sharedGate != null) {
            double product = 0;
            for (int i = 0; i < a.width; i++) {
                product += (double) sigmoid.sharedGate[i] * a.normed[row * a.width + i];
            }
            a.scaleUpdate(row, (float) sigmoid(product));
        }
    }

    private static double sigmoid(double x) {
        return 1 / (1 + StrictMath.exp(-x));
    }

    /** Chooses a row's experts by the largest scores, ties by the lower index, and computes their weights. */
    private void choose(Activations a, int row, int worker) {
        beginSums(a, row);
        Buffers buffers = a.experts;
        int at = row * router.stride();
        int first = row * used;
        if (sigmoid != null) {
            for (int expert = 0; expert < gateUp.length; expert++) {
                float score = buffers.scores[at + expert];
                buffers.chances[at + expert] = 1f / (1f + a.kernels.exp2(-score * Exp2.LOG2_E));
                buffers.scores[at + expert] = buffers.chances[at + expert] + sigmoid.bias[expert];
            }
        }
        chooseLargest(buffers, at, first);
        if (sigmoid != null) {
            Arrays.sort(buffers.chosen, first, first + used);
            weigh(buffers, at, first);
        } else {
            softmax(buffers, at, first);
        }
    }

    /** Computes the weights of a sigmoid router. */
    private void weigh(Buffers buffers, int at, int first) {
        double sum = normalised ? 1e-20 : 0;
        for (int i = first; i < first + used; i++) {
            sum += buffers.chances[at + buffers.chosen[i]];
        }
        for (int i = first; i < first + used; i++) {
            double chance = buffers.chances[at + buffers.chosen[i]];
            buffers.weights[i] = (float) ((normalised ? chance / sum : chance) * sigmoid.scale);
        }
    }

    private void chooseLargest(Buffers buffers, int at, int first) {
        for (int expert = 0; expert < gateUp.length; expert++) { // keeps the best so far, the best first
            int place = Math.min(expert, used);
            while (place > 0 && buffers.scores[at + expert] > buffers.scores[at + buffers.chosen[first + place - 1]]) {
                place--;
            }
            if (place < used) {
                int last = Math.min(expert, used - 1);
                System.arraycopy(buffers.chosen, first + place, buffers.chosen, first + place + 1, last - place);
                buffers.chosen[first + place] = expert;
            }
        }
    }

    private void softmax(Buffers buffers, int at, int first) {
        double largest = buffers.scores[at + buffers.chosen[first]];
        Arrays.sort(buffers.chosen, first, first + used);
        double sum = 0;
        int summed = normalised ? used : gateUp.length;
        for (int i = 0; i < summed; i++) {
            int expert = normalised ? buffers.chosen[first + i] : i;
            sum += StrictMath.exp(buffers.scores[at + expert] - largest);
        }
        for (int i = first; i < first + used; i++) {
            buffers.weights[i] = (float) (StrictMath.exp(buffers.scores[at + buffers.chosen[i]] - largest) / sum);
        }
    }

    /** Sorts the choices of all rows by expert, then by row. */
    private void sort(Buffers buffers, int rows) {
        Arrays.fill(buffers.firsts, 0);
        for (int choice = 0; choice < rows * used; choice++) {
            buffers.firsts[buffers.chosen[choice]]++;
        }
        int slot = rows * used;
        buffers.firsts[gateUp.length] = slot;
        for (int expert = gateUp.length - 1; expert >= 0; expert--) {
            slot -= buffers.firsts[expert];
            buffers.firsts[expert] = slot;
        }
        for (int choice = 0; choice < rows * used; choice++) {
            slot = buffers.firsts[buffers.chosen[choice]]++; // moves to the first slot of the next expert
            buffers.slots[choice] = slot;
            buffers.rows[slot] = choice / used;
        }
        System.arraycopy(buffers.firsts, 0, buffers.firsts, 1, gateUp.length);
        buffers.firsts[0] = 0;
    }

    @Override
    public Stream<PackedMatrix> matrices() {
        Stream<PackedMatrix> beside = sigmoid == null ? Stream.of() : sigmoid.matrices();
        return Stream.concat(
                Stream.concat(Stream.of(router), Stream.concat(Arrays.stream(gateUp), Arrays.stream(down))), beside);
    }

    @Override
    public long activeBytes() {
        long beside = sigmoid == null ? 0 : sigmoid.matrices().mapToLong(PackedMatrix::bytes).sum();
        return router.bytes() + used * (gateUp[0].bytes() + down[0].bytes()) + beside;
    }
}
