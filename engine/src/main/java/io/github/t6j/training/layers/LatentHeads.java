package io.github.t6j.training.layers;

import io.github.t6j.attention.latent.LatentConfig;
import io.github.t6j.training.Parameter;
import io.github.t6j.training.layers.HeadAttention.Rows;
import io.github.t6j.training.layers.Heads.View;
import io.github.t6j.training.layers.Resources.Buffer;

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
public final class LatentHeads implements TrainableAttention {
    /** Epsilon of both norms. */
    private static final float EPSILON = 1e-6f;

    private final Resources resources;
    private final LatentConfig sizes;
    private final Layers layers;
    private final TrainingNorm queryNorm;
    private final TrainingNorm latentNorm;
    private final Rotation rotation;
    private final Heads heads;
    private final int width;
    private final int row; //    elements of all latents of a row
    private final int normed; // elements of the normed latents, c_q and c
    private final int key; //    elements of a head's query, and of its key
    private final int up; //     elements of a head's k_nope and v
    private float[] latents = new float[0]; // [rows][row]
    private float[] queries = new float[0]; // [rows][h][key], q_pe rotated
    private float[] ups = new float[0]; //     [rows][h][up]

    /**
     * Projection matrices.
     *
     * @param down [queryRank + rank + rope][width]
     * @param queryUp [h · (nope + rope)][queryRank]
     * @param keyValueUp [h · (nope + valueDim)][rank]
     */
    public record Layers(LinearLayer down, LinearLayer queryUp, LinearLayer keyValueUp) {}

    /**
     * @param queryGain [queryRank]
     * @param latentGain [rank]
     */
    public LatentHeads(
            Resources resources, LatentConfig sizes, Layers layers, Parameter queryGain, Parameter latentGain,
            Rotation rotation, int width) {
        this.resources = resources;
        this.sizes = sizes;
        this.layers = layers;
        this.rotation = rotation;
        this.width = width;
        queryNorm = new TrainingNorm(resources, sizes.queryRank(), EPSILON, queryGain, sizes.factors().query());
        latentNorm = new TrainingNorm(resources, sizes.rank(), EPSILON, latentGain, sizes.factors().latent());
        normed = sizes.queryRank() + sizes.rank();
        row = normed + sizes.rope();
        key = sizes.headDim() + sizes.rope();
        up = sizes.headDim() + sizes.valueDim();
        heads = new Heads(resources, new Heads.Shape(sizes.heads(), sizes.heads(), key, sizes.valueDim(), true));
    }

    @Override
    public int outputs() {
        return sizes.heads() * sizes.valueDim();
    }

    @Override
    public void forward(float[] x, MicroBatch batch, float[] y) {
        int rows = batch.rows();
        int h = sizes.heads();
        heads.prepare(batch);
        latents = Resources.atLeast(latents, rows, row);
        queries = Resources.atLeast(queries, rows, h * key);
        ups = Resources.atLeast(ups, rows, h * up);
        layers.down.forward(new Rows(x, 0, width), rows, new Rows(latents, 0, row), false);
        Rows normedLatents = normedLatents(rows);
        layers.queryUp.forward(normedLatents, rows, new Rows(queries, 0, h * key), false);
        layers.keyValueUp.forward(latentOf(normedLatents), rows, new Rows(ups, 0, h * up), false);
        for (int head = 0; head < h; head++) {
            rotation.forward(rotated(queries, head), batch, 1, sizes.rope());
        }
        heads.forward(view(queries, 0, key), view(keys(batch), 0, key), values(ups), batch.whole(),
                new View(y, 0, outputs(), sizes.valueDim()));
    }

    @Override
    public void backward(float[] x, float[] y, float[] dy, MicroBatch batch, float[] dx) {
        int rows = batch.rows();
        int h = sizes.heads();
        float[] dq = resources.scratch(Buffer.QUERIES_GRADIENT, rows, h * key);
        float[] dk = resources.scratch(Buffer.KEYS_GRADIENT, rows, h * key);
        float[] dups = resources.scratch(Buffer.VALUES_GRADIENT, rows, h * up);
        heads.backward(
                view(queries, 0, key), view(keys(batch), 0, key), values(ups),
                new View(y, 0, outputs(), sizes.valueDim()), new View(dy, 0, outputs(), sizes.valueDim()),
                batch.whole(),
                view(dq, 0, key), view(dk, 0, key), values(dups));
        float[] dlatents = resources.scratch(Buffer.PROJECTED_GRADIENT, rows, row);
        resources.eachRow(rows, (r, worker) -> divideKeys(dk, r * h * key, dups, r * h * up, dlatents, r * row));
        for (int head = 0; head < h; head++) {
            rotation.backward(rotated(dq, head), batch, 1, sizes.rope());
        }
        rotation.backward(new Rows(dlatents, normed, row), batch, 1, sizes.rope());

        Rows normedLatents = normedLatents(rows);
        Rows dnormed = new Rows(resources.scratch(Buffer.LATENTS_NORMED_GRADIENT, rows, normed), 0, normed);
        layers.queryUp.backward(normedLatents, new Rows(dq, 0, h * key), rows, dnormed);
        layers.keyValueUp.backward(
                latentOf(normedLatents), new Rows(dups, 0, h * up), rows, latentOf(dnormed));
        Rows dlatent = new Rows(dlatents, 0, row);
        queryNorm.backward(new Rows(latents, 0, row), dnormed, rows, 1, dlatent, false);
        latentNorm.backward(
                latentOf(new Rows(latents, 0, row)), latentOf(dnormed), rows, 1, latentOf(dlatent), false);
        layers.down.backward(new Rows(x, 0, width), dlatent, rows, new Rows(dx, 0, width));
    }

    /** Returns both latents, normed: [rows][queryRank + rank]. */
    private Rows normedLatents(int rows) {
        Rows to = new Rows(resources.scratch(Buffer.LATENTS_NORMED, rows, normed), 0, normed);
        queryNorm.forward(new Rows(latents, 0, row), rows, 1, to);
        latentNorm.forward(latentOf(new Rows(latents, 0, row)), rows, 1, latentOf(to));
        return to;
    }

    /** Returns {@code rows}, which begin with c_q, from c on. */
    private Rows latentOf(Rows rows) {
        return new Rows(rows.array(), rows.at() + sizes.queryRank(), rows.stride());
    }

    /** Returns the keys [rows][h][nope + rope]: k_nope of each head, and the rotated k_pe. */
    private float[] keys(MicroBatch batch) {
        int rows = batch.rows();
        int h = sizes.heads();
        float[] keys = resources.scratch(Buffer.KEYS, rows, h * key);
        resources.eachRow(rows, (r, worker) -> {
            for (int head = 0; head < h; head++) {
                int to = (r * h + head) * key;
                System.arraycopy(ups, (r * h + head) * up, keys, to, sizes.headDim());
                System.arraycopy(latents, r * row + normed, keys, to + sizes.headDim(), sizes.rope());
            }
        });
        for (int head = 0; head < h; head++) {
            rotation.forward(rotated(keys, head), batch, 1, sizes.rope());
        }
        return keys;
    }

    /** Moves dk_nope beside dv, and sums dk_pe over the heads. */
    private void divideKeys(float[] dk, int dkAt, float[] dups, int dupsAt, float[] dlatents, int dlatentsAt) {
        for (int i = 0; i < sizes.rope(); i++) {
            float sum = 0;
            for (int head = 0; head < sizes.heads(); head++) {
                sum += dk[dkAt + head * key + sizes.headDim() + i];
            }
            dlatents[dlatentsAt + normed + i] = sum;
        }
        for (int head = 0; head < sizes.heads(); head++) {
            System.arraycopy(dk, dkAt + head * key, dups, dupsAt + head * up, sizes.headDim());
        }
    }

    /** Returns the rotated part of a head's queries or keys. */
    private Rows rotated(float[] vectors, int head) {
        return new Rows(vectors, head * key + sizes.headDim(), sizes.heads() * key);
    }

    private View view(float[] array, int at, int size) {
        return new View(array, at, sizes.heads() * size, size);
    }

    private View values(float[] array) {
        return view(array, sizes.headDim(), up);
    }
}
