package io.github.t6j.training.layers;

import io.github.t6j.attention.tpa.steps.SteppedConfig;
import io.github.t6j.attention.tpa.steps.SteppedRow;
import io.github.t6j.attention.tpa.steps.Steps;
import io.github.t6j.training.heads.CausalAttention;
import io.github.t6j.training.layers.Heads.View;
import io.github.t6j.training.layers.MicroBatch.Part;
import io.github.t6j.training.layers.Resources.Buffer;
import io.github.t6j.training.layers.TensorProductHeads.FactorProduct;
import io.github.t6j.training.products.Rows;

/**
 * Tensor product attention with {@link Steps}. {@link SteppedRow} is the layout of a projected row. The forward pass
 * keeps the projected rows, B_K rotated, and the outputs of all heads; the backward pass rebuilds whole heads for a few
 * sequences at a time, once for each step that needs its input.
 *
 * <pre>
 *   q = rotate(s ln(n) norm(Σ A_Q B_Q))     k = norm(shift(Σ A_K rotate(B_K)))     v = shift(Σ A_V B_V)
 * </pre>
 */
public final class SteppedHeads extends TrainableAttention {
    private final SteppedConfig sizes;
    private final Steps steps;
    private final SteppedRow at;
    private final int size;
    private final FactorProduct query; // null if queries are whole
    private final FactorProduct key;
    private final FactorProduct value;
    private final TokenShift keyShift; // or null
    private final TokenShift valueShift;
    private final TrainingNorm queryNorm; // or null
    private final TrainingNorm keyNorm;
    private final TrainingTensor scaler; // [H], factors of the scalable softmax, or null
    private final float scale; // of queries, for another divisor of scores than √D
    private final OutputSteps outputSteps;
    private Rows out = Rows.NONE; // [rows][H][D], outputs of all heads

    /**
     * @param queryGain [D], or null
     * @param scaler [H], or null
     */
    public SteppedHeads(
            Resources resources, SteppedConfig sizes, LinearLayer projection, TrainingTensor queryGain,
            TrainingTensor scaler, Rotation rotation) {
        super(resources, projection, rotation, new Heads(resources, new Heads.Shape(
                sizes.heads(), sizes.keyValueHeads(), sizes.headDim(), sizes.headDim(),
                sizes.steps().window() > 0 ? sizes.steps().window() : CausalAttention.NO_WINDOW)));
        this.sizes = sizes;
        this.scaler = scaler;
        steps = sizes.steps();
        at = SteppedRow.of(sizes);
        size = sizes.headDim();
        int groups = sizes.keyValueHeads();
        query = sizes.queryRank() == 0 ? null : new FactorProduct(sizes.heads(), sizes.queryRank(), size, at.aQ(), 0);
        key = new FactorProduct(groups, sizes.rank(), size, at.aK(), at.bK());
        value = new FactorProduct(groups, sizes.rank(), size, at.aV(), at.bV());
        keyShift = steps.shift() ? new TokenShift(resources, groups, size, at.shiftK()) : null;
        valueShift = steps.shift() ? new TokenShift(resources, groups, size, at.shiftV()) : null;
        queryNorm = steps.norms() ? new TrainingNorm(resources, size, steps.normEpsilon(), queryGain, 1) : null;
        keyNorm = steps.norms() ? new TrainingNorm(resources, size, steps.normEpsilon(), null, 1) : null;
        double divisor = steps.scores().divisor();
        scale = divisor == 0 ? 1 : (float) (Math.sqrt(size) / divisor);
        outputSteps = new OutputSteps(resources, sizes);
    }

    @Override
    int outputs() {
        return sizes.signalHeads() * size;
    }

    @Override
    void attend(MicroBatch batch, Rows y) {
        out = out.atLeast(batch.rows(), sizes.heads() * size);
        rotation.forward(projected.after(at.bK()), batch, sizes.rank(), size);
        for (Part part : batch.parts(heads.sequencesAtOnce())) {
            heads.forward(view(queries(part, batch)), view(keys(part)), view(values(part)), part, out);
        }
        outputSteps.forward(projected, out, batch.rows(), y);
    }

    @Override
    void differentiate(Rows y, Rows dy, MicroBatch batch, Rows dprojected) {
        Rows dout = resources.scratch(Buffer.HEADS_GRADIENT, batch.rows(), sizes.heads() * size);
        outputSteps.backward(projected, out, dy, batch.rows(), dout, dprojected);
        for (Part part : batch.parts(heads.sequencesAtOnce())) {
            Rows dq = scratch(Buffer.QUERIES_GRADIENT, part, sizes.heads());
            Rows dk = scratch(Buffer.KEYS_GRADIENT, part, sizes.keyValueHeads());
            Rows dv = scratch(Buffer.VALUES_GRADIENT, part, sizes.keyValueHeads());
            heads.backward(
                    view(queries(part, batch)), view(keys(part)), view(values(part)), out, dout, part, view(dq),
                    view(dk), view(dv));
            queryGradients(part, batch, dq);
            keyGradients(part, dk, dprojected);
            if (valueShift != null) {
                valueShift.backward(
                        projected, part, products(value, Buffer.VALUES, part, sizes.keyValueHeads()), dv, dprojected);
            }
            factorGradients(part, dq, dk, dv, dprojected);
        }
        rotation.backward(dprojected.after(at.bK()), batch, sizes.rank(), size);
    }

    /** Replaces the derivatives by the queries by those before rotation, scales and norm. */
    private void queryGradients(Part part, MicroBatch batch, Rows dq) {
        rotation.backward(dq, batch, part, sizes.heads(), size);
        if (scaler != null && !scaler.isFrozen()) {
            scalerGradient(part, batch, normedQueries(part), dq);
        }
        scale(part, batch, dq);
        if (queryNorm != null) {
            queryNorm.backward(wholeQueries(part), dq, part.rows(), sizes.heads(), dq, false);
        }
    }

    private void scalerGradient(Part part, MicroBatch batch, Rows q, Rows dq) {
        resources.sumRows(part.rows(), scaler.gradient(), (from, to, sums, sumsAt) -> {
            for (int row = from; row < to; row++) {
                double length = scale * steps.length().logarithm(batch.positions()[part.row() + row]);
                for (int head = 0; head < sizes.heads(); head++) {
                    double dot = 0;
                    for (int d = head * size; d < (head + 1) * size; d++) {
                        dot += (double) q.array()[q.row(row) + d] * dq.array()[dq.row(row) + d];
                    }
                    sums[sumsAt + head] += (float) (length * dot);
                }
            }
        });
    }

    /** Replaces the derivatives by the keys by those before norm and shift. */
    private void keyGradients(Part part, Rows dk, Rows dprojected) {
        if (keyNorm != null) {
            keyNorm.backward(shiftedKeys(part), dk, part.rows(), sizes.keyValueHeads(), dk, false);
        }
        if (keyShift != null) {
            keyShift.backward(
                    projected, part, products(key, Buffer.KEYS, part, sizes.keyValueHeads()), dk, dprojected);
        }
    }

    private void factorGradients(Part part, Rows dq, Rows dk, Rows dv, Rows dprojected) {
        resources.eachRow(part.rows(), (r, worker) -> {
            int row = part.row() + r;
            float[] lanes = resources.lanes[worker];
            if (query == null) {
                System.arraycopy(
                        dq.array(), dq.row(r), dprojected.array(), dprojected.row(row), sizes.heads() * size);
            } else {
                query.backward(resources.gradients, projected, row, dq, r, dprojected, lanes);
            }
            key.backward(resources.gradients, projected, row, dk, r, dprojected, lanes);
            value.backward(resources.gradients, projected, row, dv, r, dprojected, lanes);
        });
    }

    private Rows queries(Part part, MicroBatch batch) {
        Rows q = normedQueries(part);
        scale(part, batch, q);
        rotation.forward(q, batch, part, sizes.heads(), size);
        return q;
    }

    private Rows normedQueries(Part part) {
        Rows q = wholeQueries(part);
        if (queryNorm != null) {
            queryNorm.forward(q, part.rows(), sizes.heads(), q);
        }
        return q;
    }

    private Rows wholeQueries(Part part) {
        if (query != null) {
            return products(query, Buffer.QUERIES, part, sizes.heads());
        }
        Rows q = scratch(Buffer.QUERIES, part, sizes.heads());
        resources.eachRow(part.rows(), (r, worker) -> System.arraycopy(
                projected.array(), projected.row(part.row() + r), q.array(), q.row(r), sizes.heads() * size));
        return q;
    }

    /** Multiplies queries, or derivatives by them, with the factors of the scalable softmax and the scale. */
    private void scale(Part part, MicroBatch batch, Rows q) {
        if (scaler == null && scale == 1) {
            return;
        }
        resources.eachRow(part.rows(), (r, worker) -> {
            float length = scaler == null ? 1 : steps.length().logarithm(batch.positions()[part.row() + r]);
            for (int head = 0; head < sizes.heads(); head++) {
                float factor = scale * length * (scaler == null ? 1 : scaler.value()[head]);
                int from = q.row(r) + head * size;
                for (int d = from; d < from + size; d++) {
                    q.array()[d] *= factor;
                }
            }
        });
    }

    private Rows keys(Part part) {
        Rows k = shiftedKeys(part);
        if (keyNorm != null) {
            keyNorm.forward(k, part.rows(), sizes.keyValueHeads(), k);
        }
        return k;
    }

    private Rows shiftedKeys(Part part) {
        Rows k = products(key, Buffer.KEYS, part, sizes.keyValueHeads());
        if (keyShift != null) {
            keyShift.forward(projected, part, k);
        }
        return k;
    }

    private Rows values(Part part) {
        Rows v = products(value, Buffer.VALUES, part, sizes.keyValueHeads());
        if (valueShift != null) {
            valueShift.forward(projected, part, v);
        }
        return v;
    }

    /** Rebuilds the heads of a part from their factors. */
    private Rows products(FactorProduct product, Buffer buffer, Part part, int count) {
        Rows whole = scratch(buffer, part, count);
        resources.eachRow(part.rows(), (r, worker) -> product.forward(
                resources.gradients, projected, part.row() + r, whole, r));
        return whole;
    }

    private Rows scratch(Buffer buffer, Part part, int count) {
        return resources.scratch(buffer, part.rows(), count * size);
    }

    private View view(Rows rows) {
        return new View(rows, size);
    }
}
