package io.github.t6j.attention;

import static io.github.t6j.kernels.Kernels.PANEL;
import static io.github.t6j.kernels.ScalarKernels.LOG2_E;

import io.github.t6j.cache.LatentCache;
import io.github.t6j.cache.Page;
import io.github.t6j.cache.PageLayout;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.cache.SequenceCache;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Multi-head latent attention (DeepSeek-V2, section 2.1; the official llama-mla): keys and values of all heads are made
 * of one latent c a token by W_UK and W_UV, and a rotated part k_pe of the key is common to the heads.
 *
 * <pre>
 *   projections  Q_pe [h][rope] | k_pe [rope] | c [rank] | Q_nope [h][nope]        c is normalised
 *   key of head h       k_nope = W_UK[h] c [nope] | k_pe [rope]
 *   value of head h     W_UV[h] c [valueDim]
 * </pre>
 *
 * <p>Absorbed, it is attention with one key and value head: with q_c[h] = W_UK[h]ᵀ q_nope[h], scores are
 * (q_c · c + q_pe · k_pe)/√(nope + rope), and the output is W_UV[h] Σ p c. {@link PagedAttention} computes this middle
 * part; the rows that it passes here are not projections, but the absorbed queries that {@link #absorb} makes.
 *
 * <p>The two matrices are kept in f32 whatever the checkpoint's type: they are a twentieth of the weights.
 */
public final class LatentAttention implements PageAttention, MaterializedHeads {
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final int heads;
    private final int nope;
    private final int rope;
    private final int rank;
    private final int valueDim;
    private final LatentCache kept;
    private final PageLayout layout;
    private final MemorySegment keyUp; //   W_UK [h][nope][rank]
    private final MemorySegment valueUp; // W_UVᵀ [h][rank][valueDim]

    /**
     * @param up kv_b_proj [heads][nope + valueDim][rank]: W_UK and W_UV, a head after the other
     * @param arena where they are kept
     */
    public LatentAttention(Latent sizes, float[] up, Arena arena) {
        heads = sizes.heads();
        nope = sizes.headDim();
        rope = sizes.rope();
        rank = sizes.rank();
        valueDim = sizes.valueDim();
        this.kept = new LatentCache(rank, rope);
        this.layout = kept.layout();
        long slack = PANEL * Float.BYTES;
        keyUp = arena.allocate((long) heads * nope * rank * Float.BYTES + slack, 64);
        valueUp = arena.allocate((long) heads * valueDim * rank * Float.BYTES + slack, 64);
        for (int h = 0; h < heads; h++) {
            int from = h * (nope + valueDim) * rank;
            MemorySegment.copy(up, from, keyUp, FLOAT, keyUpAt(h), nope * rank);
            for (int d = 0; d < valueDim; d++) {
                for (int i = 0; i < rank; i++) {
                    valueUp.set(FLOAT, valueUpAt(h, i, d), up[from + (nope + d) * rank + i]);
                }
            }
        }
    }

    private long keyUpAt(int head) {
        return (long) head * nope * rank * Float.BYTES;
    }

    private long valueUpAt(int head, int i, int d) {
        return (((long) head * rank + i) * valueDim + d) * Float.BYTES;
    }

    @Override
    public int heads() {
        return heads;
    }

    @Override
    public int headDim() {
        return nope + rope;
    }

    @Override
    public int valueDim() {
        return valueDim;
    }

    @Override
    public int projections() {
        return nopeAt() + heads * nope;
    }

    @Override
    public void rotateAndActivate(Rope rotation, AttentionPass pass, int row) {
        rotation.rotate(pass.projections, pass.at(row), heads + 1, rope, pass.cos, pass.sin, pass.tableAt(row));
    }

    int nope() {
        return nope;
    }

    int rope() {
        return rope;
    }

    int rank() {
        return rank;
    }

    /** First latent column of a page. */
    int latent() {
        return kept.latent();
    }

    private int nopeAt() {
        return (heads + 1) * rope + rank;
    }

    private float scale() {
        return (float) (LOG2_E / Math.sqrt(nope + rope));
    }

    @Override
    public PageLayout layout() {
        return layout;
    }

    @Override
    public void append(float[] projections, int at, Page page, int slot) {
        page.write(slot, projections, at + heads * rope, projections, 0);
    }

    /** Floats of a row of absorbed queries. */
    int absorbedFloats() {
        return heads * (rope + rank);
    }

    /**
     * Absorbs W_UK into the queries of one head, scaled.
     *
     * @param absorbed [rows][heads][rope + rank], in the columns' order: written
     * @param product panels [⌈rank/64⌉][rows][64] of scratch
     */
    void absorb(Kernels kernels, int head, AttentionPass pass, float[] absorbed, float[] product) {
        int rows = pass.rows;
        kernels.multiply(
                pass.projections, nopeAt() + head * nope, pass.stride, rows, nope, Format.F32, keyUp, keyUpAt(head),
                rank, rank, product, 0, rows * PANEL, false);
        float scale = scale();
        for (int row = 0; row < rows; row++) {
            int to = row * absorbedFloats() + head * (rope + rank);
            for (int i = 0; i < rope; i++) {
                absorbed[to + i] = pass.projections[pass.at(row) + head * rope + i] * scale;
            }
            for (int i = 0; i < rank; i++) {
                absorbed[to + rope + i] = product[row * PANEL + Kernels.panelAt(i, rows)] * scale;
            }
        }
    }

    /**
     * Makes one head's outputs of the means of latents: y[r][head] = W_UV[head] means[r][head].
     *
     * @param means [rows][heads][rank]
     * @param y [rows][heads][valueDim]
     * @param product panels [⌈valueDim/64⌉][rows][64] of scratch
     */
    void output(Kernels kernels, int head, float[] means, int rows, float[] y, float[] product) {
        kernels.multiply(
                means, head * rank, heads * rank, rows, rank, Format.F32, valueUp, valueUpAt(head, 0, 0), valueDim,
                valueDim,
                product, 0, rows * PANEL, false);
        for (int row = 0; row < rows; row++) {
            for (int i = 0; i < valueDim; i++) {
                y[(row * heads + head) * valueDim + i] = product[row * PANEL + Kernels.panelAt(i, rows)];
            }
        }
    }

    /** Scaled queries of one head, [rows][nope + rope], the order of a materialised key. */
    void queries(int head, AttentionPass pass, float[] queries) {
        float[] projections = pass.projections;
        float scale = scale();
        for (int row = 0; row < pass.rows; row++) {
            int at = pass.at(row);
            int to = row * (nope + rope);
            for (int d = 0; d < nope; d++) {
                queries[to + d] = projections[at + nopeAt() + head * nope + d] * scale;
            }
            for (int d = 0; d < rope; d++) {
                queries[to + nope + d] = projections[at + head * rope + d] * scale;
            }
        }
    }

    /** W_UK above W_UV of one head, [nope + valueDim][rank]. */
    void up(int head, float[] up) {
        MemorySegment.copy(keyUp, FLOAT, keyUpAt(head), up, 0, nope * rank);
        for (int i = 0; i < rank; i++) {
            for (int d = 0; d < valueDim; d++) {
                up[(nope + d) * rank + i] = valueUp.get(FLOAT, valueUpAt(head, i, d));
            }
        }
    }

    @Override
    public Scratch scratch() {
        return new Scratch(0, 0, (long) PANEL * Kernels.padded(rank) * Float.BYTES, null);
    }

    /** Chooses between the absorbed and the rebuilt form. */
    @Override
    public AttentionAlgorithm newAlgorithm(SequenceCache cache, Kernels kernels, Workers workers) {
        return new LatentAlgorithm(this, (PagedCache) cache, kernels, workers);
    }

    @Override
    public MaterializedHeads materialized() {
        return this;
    }

    @Override
    public void prepareQuery(float[] queries, int at, PageState state) {
        // Absorbed queries are ready: they are made once, not once a span.
    }

    @Override
    public void scores(Kernels kernels, float[] queries, int at, Page page, int index, PageState state) {
        page.multiplyColumns(kernels, queries, at, heads, rope + rank, 0, state.scores, 0);
    }

    @Override
    public int summedDim() {
        return rank;
    }

    @Override
    public boolean copiesPages() {
        return true;
    }

    @Override
    public void values(Kernels kernels, Page page, int count, PageState state) {
        OnlineSoftmax span = state.span;
        int stride = Kernels.padded(rank);
        page.transposeColumns(kernels, latent(), rank, state.offHeap, stride);
        kernels.multiply(
                state.probabilities, 0, PANEL, heads, count, Format.F32, state.offHeap, 0, stride, rank, span.out, 0,
                heads * PANEL, true);
    }

    @Override
    public void materializeQuery(float[] projections, int at, int head, double[] q) {
        for (int d = 0; d < nope; d++) {
            q[d] = projections[at + nopeAt() + head * nope + d];
        }
        for (int d = 0; d < rope; d++) {
            q[nope + d] = projections[at + head * rope + d];
        }
    }

    @Override
    public void materializeKey(Page page, int slot, int position, int head, double[] k) {
        for (int d = 0; d < nope; d++) {
            k[d] = 0;
            for (int i = 0; i < rank; i++) {
                k[d] += (double) keyUp.get(FLOAT, keyUpAt(head) + 4L * (d * rank + i))
                        * page.column(slot, latent() + i);
            }
        }
        for (int d = 0; d < rope; d++) {
            k[nope + d] = page.column(slot, d);
        }
    }

    @Override
    public void materializeValue(Page page, int slot, int position, int head, double[] v) {
        for (int d = 0; d < valueDim; d++) {
            v[d] = 0;
            for (int i = 0; i < rank; i++) {
                v[d] += (double) valueUp.get(FLOAT, valueUpAt(head, i, d)) * page.column(slot, latent() + i);
            }
        }
    }
}
