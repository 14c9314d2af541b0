package io.github.t6j.attention;

import io.github.t6j.cache.PagedCache;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.ScalarKernels;
import io.github.t6j.kernels.Workers;

/**
 * Both forms of MLA. Few rows meet the latents as they are, W_UK absorbed into the queries, W_UV applied to the mean of
 * latents; for many rows keys and values are rebuilt ({@link LatentPrefill}).
 *
 * <p>Which form serves depends on the number of rows of a pass alone: the same bits with any number of threads, but not
 * in any chunks.
 */
public final class LatentAlgorithm implements AttentionAlgorithm {
    /** Rows from which rebuilding keys and values pays: measured, see the ADR. */
    public static final int MATERIALIZED_ROWS = 40;

    private final Kernels kernels;
    private final Workers workers;
    private final PagedAttention absorbed;
    private final LatentPrefill materialized;
    private final int materializedRows;
    private final float[][] products; // one a worker
    private float[] queries = new float[0]; // [rows][heads][rope + rank]
    private float[] means = new float[0]; //   [rows][heads][rank]
    private final Workers.Work absorb = this::absorb;
    private final Workers.Work output = this::output;

    private LatentAttention attention;
    private float[] projections;
    private int rows;
    private int stride;
    private float[] y;

    /** Attention of {@code shape}'s shape by these kernels on these threads; {@code scalar} is the kernels' twin. */
    public LatentAlgorithm(
            LatentAttention shape, PagedCache cache, Kernels kernels, ScalarKernels scalar, Workers workers) {
        this(shape, cache, kernels, scalar, workers, MATERIALIZED_ROWS);
    }

    LatentAlgorithm(
            LatentAttention shape, PagedCache cache, Kernels kernels, ScalarKernels scalar, Workers workers,
            int materializedRows) {
        this.kernels = kernels;
        this.workers = workers;
        this.materializedRows = materializedRows;
        absorbed = new PagedAttention(shape, cache, kernels, scalar, workers);
        materialized = new LatentPrefill(shape, cache, kernels, scalar, workers);
        products = new float[workers.threads()][0];
    }

    @Override
    public PagedCache cache() {
        return absorbed.cache();
    }

    @Override
    public void attend(
            Attention newAttention, float[] newProjections, int newRows, int newStride, int layer, int position,
            float[] newY) {
        LatentAttention latent = (LatentAttention) newAttention;
        latent.append(newProjections, newRows, newStride, cache(), layer, position);
        if (newRows >= materializedRows) {
            materialized.attend(latent, newProjections, newRows, newStride, layer, position, newY);
        } else {
            attendCached(latent, newProjections, newRows, newStride, cache(), layer, position, newY);
        }
    }

    /** The absorbed form of {@link #attend}, of positions that {@code cached} has already. */
    public void attendCached(
            LatentAttention newAttention, float[] newProjections, int newRows, int newStride, PagedCache cached,
            int layer, int position, float[] newY) {
        attention = newAttention;
        projections = newProjections;
        rows = newRows;
        stride = newStride;
        y = newY;
        reserve();
        workers.run(attention.heads(), absorb);
        absorbed.attendCached(attention, queries, rows, attention.absorbedFloats(), cached, layer, position, null,
                means);
        workers.run(attention.heads(), output);
    }

    private void reserve() {
        if (queries.length < rows * attention.absorbedFloats()) {
            queries = new float[rows * attention.absorbedFloats()];
            means = new float[rows * attention.heads() * attention.rank()];
            int widest = Kernels.padded(Math.max(attention.rank(), attention.valueDim()));
            for (int i = 0; i < products.length; i++) {
                products[i] = new float[rows * widest];
            }
        }
    }

    private void absorb(int head, int worker) {
        attention.absorb(kernels, head, projections, rows, stride, queries, products[worker]);
    }

    private void output(int head, int worker) {
        attention.output(kernels, head, means, rows, y, products[worker]);
    }
}
