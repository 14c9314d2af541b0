package io.github.t6j.training.layers;

import io.github.t6j.attention.TwoStageProjection;
import io.github.t6j.attention.latent.LatentConfig;
import io.github.t6j.training.layers.Heads.View;
import io.github.t6j.training.layers.Resources.Buffer;
import io.github.t6j.training.products.Rows;

/**
 * Multi-head latent attention (DeepSeek-V2, section 2.1): queries are projected up from a normed latent, keys and
 * values from another one, and the heads share a rotated part of the key.
 *
 * <pre>
 *   latents    c_q [queryRank] | c [rank] | k_pe [rope]            down · x
 *   queries    h × (q_nope [nope] | q_pe [rope])                   queryUp · norm(c_q)
 *   ups        h × (k_nope [nope] | v [valueDim])                  keyValueUp · norm(c)
 *   keys       h × (k_nope [nope] | k_pe [rope])                   q_pe and k_pe rotated
 * </pre>
 *
 * The forward pass keeps latents, queries and ups.
 */
public final class LatentHeads extends TrainableAttention {
    private final LatentConfig sizes;
    private final LinearLayer queryUp;
    private final LinearLayer keyValueUp;
    private final TrainingNorm queryNorm;
    private final TrainingNorm latentNorm;
    private final int normed; // elements of the normed latents, c_q and c
    private final int key; //    elements of a head's query, and of its key
    private final int up; //     elements of a head's k_nope and v
    private Rows queries = Rows.NONE; // [rows][h][key], q_pe rotated
    private Rows ups = Rows.NONE; //     [rows][h][up]

    /**
     * @param down [queryRank + rank + rope][width]
     * @param queryUp [h · (nope + rope)][queryRank]
     * @param keyValueUp [h · (nope + valueDim)][rank]
     * @param queryGain [queryRank]
     * @param latentGain [rank]
     */
    public LatentHeads(
            Resources resources, LatentConfig sizes, LinearLayer down, LinearLayer queryUp, LinearLayer keyValueUp,
            TrainingTensor queryGain, TrainingTensor latentGain, Rotation rotation) {
        super(resources, down, rotation, new Heads(resources, new Heads.Shape(
                sizes.heads(), sizes.heads(), sizes.headDim(), sizes.valueDim())));
        this.sizes = sizes;
        this.queryUp = queryUp;
        this.keyValueUp = keyValueUp;
        queryNorm = new TrainingNorm(
                resources, sizes.queryRank(), TwoStageProjection.EPSILON, queryGain, sizes.factors().query());
        latentNorm = new TrainingNorm(
                resources, sizes.keyValueRank(), TwoStageProjection.EPSILON, latentGain, sizes.factors().latent());
        normed = sizes.queryRank() + sizes.keyValueRank();
        key = sizes.headDim();
        up = sizes.nope() + sizes.valueDim();
    }

    @Override
    void attend(MicroBatch batch, Rows y) {
        int rows = batch.rows();
        queries = queries.atLeast(rows, sizes.heads() * key);
        ups = ups.atLeast(rows, sizes.heads() * up);
        Rows latents = normedLatents(rows);
        queryUp.forward(latents, rows, queries, false);
        keyValueUp.forward(latents.after(sizes.queryRank()), rows, ups, false);
        for (int head = 0; head < sizes.heads(); head++) {
            rotation.forward(rotated(queries, head), batch, 1, sizes.rope());
        }
        heads.forward(new View(queries, key), new View(keys(batch), key), values(ups), batch.whole(), y);
    }

    @Override
    void differentiate(Rows y, Rows dy, MicroBatch batch, Rows dprojected) {
        int rows = batch.rows();
        Rows dq = resources.scratch(Buffer.QUERIES_GRADIENT, rows, sizes.heads() * key);
        Rows dk = resources.scratch(Buffer.KEYS_GRADIENT, rows, sizes.heads() * key);
        Rows dups = resources.scratch(Buffer.VALUES_GRADIENT, rows, sizes.heads() * up);
        heads.backward(
                new View(queries, key), new View(keys(batch), key), values(ups), y, dy, batch.whole(),
                new View(dq, key), new View(dk, key), values(dups));
        resources.eachRow(rows, (r, worker) -> divideKeys(
                dk.array(), dk.row(r), dups.array(), dups.row(r), dprojected.array(), dprojected.row(r)));
        for (int head = 0; head < sizes.heads(); head++) {
            rotation.backward(rotated(dq, head), batch, 1, sizes.rope());
        }
        rotation.backward(dprojected.after(normed), batch, 1, sizes.rope());
        Rows latents = normedLatents(rows);
        Rows dnormed = resources.scratch(Buffer.LATENTS_NORMED_GRADIENT, rows, normed);
        int rank = sizes.queryRank();
        queryUp.backward(latents, dq, rows, dnormed);
        keyValueUp.backward(latents.after(rank), dups, rows, dnormed.after(rank));
        queryNorm.backward(projected, dnormed, rows, 1, dprojected, false);
        latentNorm.backward(projected.after(rank), dnormed.after(rank), rows, 1, dprojected.after(rank), false);
    }

    /** Returns both latents, normed: [rows][queryRank + rank]. */
    private Rows normedLatents(int rows) {
        Rows to = resources.scratch(Buffer.LATENTS_NORMED, rows, normed);
        queryNorm.forward(projected, rows, 1, to);
        latentNorm.forward(projected.after(sizes.queryRank()), rows, 1, to.after(sizes.queryRank()));
        return to;
    }

    /** Returns the keys [rows][h][nope + rope]: k_nope of each head, and the rotated k_pe. */
    private Rows keys(MicroBatch batch) {
        int rows = batch.rows();
        Rows keys = resources.scratch(Buffer.KEYS, rows, sizes.heads() * key);
        resources.eachRow(rows, (r, worker) -> {
            for (int head = 0; head < sizes.heads(); head++) {
                int to = keys.row(r) + head * key;
                System.arraycopy(ups.array(), ups.row(r) + head * up, keys.array(), to, sizes.nope());
                System.arraycopy(
                        projected.array(), projected.row(r) + normed, keys.array(), to + sizes.nope(), sizes.rope());
            }
        });
        for (int head = 0; head < sizes.heads(); head++) {
            rotation.forward(rotated(keys, head), batch, 1, sizes.rope());
        }
        return keys;
    }

    /** Copies dk_nope to the left of dv, and sums dk_pe over the heads. */
    private void divideKeys(float[] dk, int dkAt, float[] dups, int dupsAt, float[] dlatents, int dlatentsAt) {
        for (int i = 0; i < sizes.rope(); i++) {
            float sum = 0;
            for (int head = 0; head < sizes.heads(); head++) {
                sum += dk[dkAt + head * key + sizes.nope() + i];
            }
            dlatents[dlatentsAt + normed + i] = sum;
        }
        for (int head = 0; head < sizes.heads(); head++) {
            System.arraycopy(dk, dkAt + head * key, dups, dupsAt + head * up, sizes.nope());
        }
    }

    /** Returns the rotated part of a head's queries or keys. */
    private Rows rotated(Rows vectors, int head) {
        return vectors.after(head * key + sizes.nope());
    }

    /** Returns the values in rows of ups, or of their derivatives. */
    private View values(Rows rows) {
        return new View(rows.after(sizes.nope()), up);
    }
}
