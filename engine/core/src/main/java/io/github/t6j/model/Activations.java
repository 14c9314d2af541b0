package io.github.t6j.model;

import static io.github.t6j.kernels.Kernels.padded;

import io.github.t6j.attention.Attention;
import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.Rope;
import io.github.t6j.attention.layers.OutputGate;
import io.github.t6j.kernels.GroupedMatMul;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.PackedMatMul;
import io.github.t6j.kernels.Workers;
import java.util.Arrays;

/** Buffers of the rows that pass through the blocks together; {@link PassBuffers} keeps idle ones. */
final class Activations {
    /** Maximum number of rows whose logits are computed together; each row is as long as the vocabulary. */
    static final int LOGIT_ROWS = 16;

    final int capacity; // rows of the largest pass that fits
    final Kernels kernels;
    final PackedMatMul matMul;
    final Rope rope;

    final int[] ids; //       [rows]
    final int[] positions; // [rows]
    final Rope[] ropes; //    [rows], rotations of the rows' sequences
    private final int[] needed; // [rows], indices of the rows whose outputs are needed, neededCount of them, ascending
    private int neededCount;
    final float[] x; //       [rows][width], the residual stream
    final float[] normed; //  [rows][width]
    final AttentionPass attentionPass; // projections, cosines and sines, and the output of attention
    final float[] gateUp; //  [rows][gateUpStride], gate then up
    final float[] hidden; //  [rows][hidden]
    private float[] gates = new float[0]; // [rows][stride of their matrix], of attention's output; grows when needed
    final float[] update; //  [rows][updateStride], the output of half a block, which is added to x
    final Experts.Buffers experts; // null without experts
    final GroupedMatMul grouped; // null without experts
    float[] logits = new float[0]; // [0, 1 or LOGIT_ROWS][padded vocabulary], allocated for the first logits
    final float[][] lanes; // [workers][LANES]

    final int width;
    final int gateUpStride;
    final int updateStride;

    private final float residualScale;
    private final ModelConfig.Experts expertSizes; // or null
    private final Workers workers;
    private final Workers.Work row = this::row;
    private final RowOperation rotateAndActivate =
            (a, index, worker) -> a.attentionPass.attention.rotateAndActivate(a.rope, a.attentionPass, index);
    private final RowOperation finish =
            (a, index, worker) -> a.attentionPass.attention.finish(a.attentionPass, index, a.kernels);
    private final RowOperation addUpdate = (a, index, worker) -> addUpdate(index);
    private final RowOperation addNormed = this::addNormed;
    private final RowOperation applyGate =
            (a, index, worker) -> a.gate.apply(a.attentionPass, index, a.gates, a.kernels);
    private RowOperation operation;
    private OutputGate gate; // of the current applyGate
    private RmsNorm updateNorm; // of the current addNormed

    /**
     * Returns the capacity to allocate for a pass of {@code rows}, with slack so that growing passes rarely allocate.
     */
    static int capacity(int rows) {
        return Math.max(rows, Math.min(Transformer.MAX_PASS_ROWS, Integer.highestOneBit(2 * rows - 1)));
    }

    /** Allocates buffers for passes of at most {@code capacity} rows. */
    Activations(Transformer model, int capacity) {
        this.capacity = capacity;
        kernels = model.kernels;
        workers = model.workers;
        rope = model.rope;
        matMul = new PackedMatMul(kernels, workers, model.isLarge);
        ModelConfig.Sizes sizes = model.config().sizes();
        width = sizes.width();
        ModelConfig.LatentExperts latent = model.config().blocks().latent();
        int inner = Math.max(sizes.hidden(), latent == null ? 0 : latent.shared());
        gateUpStride = padded(2 * inner);
        updateStride = padded(width);
        ids = new int[capacity];
        ropes = new Rope[capacity];
        needed = new int[capacity];
        residualScale = model.config().scales().residual();
        x = new float[capacity * width];
        normed = new float[capacity * width];
        attentionPass = model.kinds.newPass(capacity, rope.tableSize());
        attentionPass.scratch = scratch(model.weights.blocks());
        positions = attentionPass.positions;
        gateUp = new float[capacity * gateUpStride];
        hidden = new float[capacity * inner];
        update = new float[capacity * updateStride];
        lanes = new float[workers.threads()][Kernels.LANES];
        expertSizes = model.config().experts();
        experts = expertSizes == null
                ? null
                : new Experts.Buffers(
                        expertSizes, latent, capacity, padded(2 * expertSizes.hidden()), padded(expertSizes.count()),
                        updateStride);
        grouped = expertSizes == null ? null : new GroupedMatMul(kernels, workers, model.isLarge);
    }

    /** Returns scratch of the projections that is large enough for each block's. */
    private float[][] scratch(Block[] blocks) {
        float[][] largest = new float[0][];
        for (Block block : blocks) {
            float[][] own = block.projection().newScratch(capacity);
            if (own.length > largest.length) {
                float[][] fewer = largest;
                largest = own;
                own = fewer;
            }
            for (int i = 0; i < own.length; i++) {
                largest[i] = own[i].length > largest[i].length ? own[i] : largest[i];
            }
        }
        return largest;
    }

    /** Returns the bytes of the buffers for passes of {@code rows} rows, without logits and other small ones. */
    long bytes(int rows) {
        long floats = x.length + normed.length + gateUp.length + hidden.length + update.length;
        floats += attentionPass.projections.length + attentionPass.output.length;
        for (float[] scratch : attentionPass.scratch) {
            floats += scratch.length;
        }
        floats = floats / capacity * rows + (experts == null ? 0 : experts.floats(expertSizes, rows));
        return floats * Float.BYTES;
    }

    /** Begins a pass of {@code rows} rows, of which none is needed yet. */
    void begin(int rows) {
        attentionPass.rows = rows;
        neededCount = 0;
    }

    /** Adds {@code count} rows from {@code first}, after those added before, whose outputs are needed. */
    void need(int first, int count) {
        for (int i = first; i < first + count; i++) {
            needed[neededCount++] = i;
        }
    }

    boolean needsRows() {
        return neededCount > 0;
    }

    /** Moves the needed rows of x and of attention's output to the front; from now on the pass has these only. */
    void keepNeededRows() {
        int outputWidth = attentionPass.outputWidth();
        for (int i = 0; i < neededCount; i++) {
            System.arraycopy(x, needed[i] * width, x, i * width, width);
            System.arraycopy(attentionPass.output, needed[i] * outputWidth, attentionPass.output, i * outputWidth,
                    outputWidth);
        }
        attentionPass.rows = neededCount;
    }

    /** Returns the number of rows of the pass. */
    int rows() {
        return attentionPass.rows;
    }

    /** Sets the id and the position of {@code row}, which belongs to {@code sequence}. */
    void set(int row, int id, int position, Sequence sequence) {
        ids[row] = id;
        positions[row] = position;
        ropes[row] = sequence.rope();
    }

    /** Applies {@code newOperation} to every row of the pass, on all threads. */
    void eachRow(RowOperation newOperation) {
        each(rows(), newOperation);
    }

    /** Applies {@code newOperation} to the indices below {@code count}, on all threads. */
    void each(int count, RowOperation newOperation) {
        operation = newOperation;
        workers.run(count, row);
    }

    private void row(int index, int worker) {
        operation.row(this, index, worker);
    }

    /** Completes the projections of all rows, see {@link Attention#rotateAndActivate}. */
    void rotateAndActivate() {
        eachRow(rotateAndActivate);
    }

    /** Completes the outputs of all rows, see {@link Attention#finish}. */
    void finishOutput() {
        eachRow(finish);
    }

    /** Multiplies the outputs of all rows by their gates. */
    void applyGate(OutputGate ofBlock) {
        gate = ofBlock;
        gates = gate.project(normed, width, rows(), gates, matMul);
        eachRow(applyGate);
    }

    /**
     * Computes x += update, times the residual's scale, for all rows of the pass.
     *
     * @param norm norm of the update, or null
     */
    void addUpdate(RmsNorm norm) {
        updateNorm = norm;
        eachRow(norm == null ? addUpdate : addNormed);
    }

    private void addNormed(Activations a, int index, int worker) {
        updateNorm.apply(this, update, index * updateStride, update, index * updateStride, worker);
        addUpdate(index);
    }

    /** Sets the update of a row to zeros. */
    void clearUpdate(int index) {
        Arrays.fill(update, index * updateStride, index * updateStride + width, 0f);
    }

    /** Multiplies the update of a row by a factor. */
    void scaleUpdate(int index, float factor) {
        for (int i = index * updateStride; i < index * updateStride + width; i++) {
            update[i] *= factor;
        }
    }

    /** Adds a vector to the update of a row: update += factor · from. */
    void addToUpdate(int index, float factor, float[] from, int fromAt) {
        int to = index * updateStride;
        for (int i = 0; i < width; i++) {
            update[to + i] += factor * from[fromAt + i];
        }
    }

    private void addUpdate(int index) {
        int to = index * width;
        int from = index * updateStride;
        for (int i = 0; i < width; i++) {
            x[to + i] += update[from + i] * residualScale;
        }
    }
}
