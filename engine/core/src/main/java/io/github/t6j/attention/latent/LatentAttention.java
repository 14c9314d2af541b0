package io.github.t6j.attention.latent;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.attention.AttentionAlgorithm;
import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.Rope;
import io.github.t6j.attention.paged.PageAttention;
import io.github.t6j.attention.paged.PageProducts;
import io.github.t6j.attention.paged.PageState;
import io.github.t6j.cache.Page;
import io.github.t6j.cache.PageLayout;
import io.github.t6j.cache.PageLayout.Vectors;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import java.lang.foreign.Arena;
import java.util.List;

/**
 * Multi-head latent attention (DeepSeek-V2, section 2.1; the official llama-mla): W_UK and W_UV project keys and values
 * of all heads up from one latent c per token, and the heads share a rotated part k_pe of the key.
 *
 * <p>There may be several latents. In GLA each serves a group of heads. In MLRA (Multi-Head Low-Rank Attention) they
 * serve the heads of several branches: a head computes one attention per branch, with the same query, and adds them.
 * Head i of branch b is key head b·h + i here. Each latent serves the same number of consecutive key heads.
 *
 * <pre>
 *   projections  Q [h][Q_nope [nope] | Q_pe [rope]] | k_pe [rope] | c [latents][latentDim]    each c is normalised
 *   key of key head g       k_nope = W_UK[g] c [nope] | k_pe [rope]
 *   value of key head g     W_UV[g] c [valueDim]
 *   cache        columns k_pe [rope], rotated | c [latents][latentDim]; latents are transposed to sum values
 * </pre>
 *
 * <p>With absorbed queries q_c[g] = W_UK[g]ᵀ q_nope[i] there is one key and value head per latent: scores are
 * (q_c · c + q_pe · k_pe)/√(nope + rope), and the output is W_UV[g] Σ p c, summed over the branches.
 * {@code PagedAlgorithm} computes the scores and Σ p c; its rows are not projections but the absorbed queries from
 * {@link #absorb}.
 *
 * <p>Both matrices, about a twentieth of the weights, are stored in f32 for every type of checkpoint.
 */
public final class LatentAttention extends PageAttention {
    private final int branches;
    final int nope;
    final int rope;
    final int latentDim; // elements of one latent
    private final int keyHeadsPerLatent;
    private final UpProjections keyUp; //   W_UK [nope][latentDim] of each key head
    private final UpProjections valueUp; // W_UVᵀ [latentDim][valueDim], times the factor of the output

    /**
     * @param up kv_b_proj [key heads][nope + valueDim][latentDim]: W_UK and W_UV of each head
     * @param arena arena for the matrices
     */
    public LatentAttention(LatentConfig sizes, float[] up, Arena arena) {
        super(sizes.heads(), sizes.headDim(), sizes.valueDim(), layout(sizes));
        nope = sizes.nope();
        rope = sizes.rope();
        latentDim = sizes.latentDim();
        branches = sizes.parts().branches();
        keyHeadsPerLatent = softmaxes() / sizes.parts().latents();
        keyUp = new UpProjections(softmaxes(), nope, latentDim, arena);
        valueUp = new UpProjections(softmaxes(), latentDim, valueDim(), arena);
        float[] transposed = new float[latentDim * valueDim()];
        for (int g = 0; g < softmaxes(); g++) {
            int from = g * (nope + valueDim()) * latentDim;
            keyUp.set(g, up, from);
            for (int d = 0; d < valueDim(); d++) {
                for (int i = 0; i < latentDim; i++) {
                    double element = up[from + (nope + d) * latentDim + i] * sizes.factors().output();
                    transposed[i * valueDim() + d] = (float) element;
                }
            }
            valueUp.set(g, transposed, 0);
        }
    }

    private static PageLayout layout(LatentConfig sizes) {
        return new PageLayout(
                List.of(Vectors.oneByOne(1, sizes.rope()),
                        Vectors.oneByOne(sizes.parts().latents(), sizes.latentDim())),
                0, 0);
    }

    @Override
    public long weightBytes() {
        return keyUp.bytes() + valueUp.bytes();
    }

    @Override
    public int branches() {
        return branches;
    }

    @Override
    public int projections() {
        return heads() * headDim() + layout().columns();
    }

    @Override
    public void rotateAndActivate(Rope rotation, AttentionPass pass, int row) {
        int at = pass.at(row);
        int table = pass.tableAt(row);
        rotation.rotate(pass.projections, at + nope, heads(), headDim(), pass.cos, pass.sin, table);
        rotation.rotate(pass.projections, at + heads() * headDim(), 1, rope, pass.cos, pass.sin, table);
    }

    /** Returns the first column of the latent of a key head. */
    int latent(int keyHead) {
        return rope + keyHead / keyHeadsPerLatent * latentDim;
    }

    /** Returns true if a rebuilt key and value, being smaller than two latents, make passes of many rows faster. */
    boolean rebuildingPays() {
        return nope + valueDim() < 2 * latentDim;
    }

    @Override
    public void append(float[] projections, int at, Page page, int slot) {
        page.write(slot, projections, at + heads() * headDim(), projections, 0);
    }

    /** Returns the number of floats of a row of absorbed queries. */
    int absorbedFloats() {
        return heads() * rope + softmaxes() * latentDim;
    }

    /**
     * Absorbs W_UK into the queries of one head and scales them.
     *
     * @param absorbed rows of q_pe [heads][rope] | q_c [key heads][latentDim], written
     * @param product scratch, panels [⌈latentDim/64⌉][rows][64]
     */
    void absorb(Kernels kernels, int head, AttentionPass pass, float[] absorbed, float[] product) {
        int rows = pass.rows;
        float scale = scale();
        int query = head * headDim();
        for (int row = 0; row < rows; row++) {
            int from = pass.at(row) + query + nope;
            int to = row * absorbedFloats() + head * rope;
            for (int i = 0; i < rope; i++) {
                absorbed[to + i] = pass.projections[from + i] * scale;
            }
        }
        for (int keyHead = head; keyHead < softmaxes(); keyHead += heads()) {
            keyUp.multiply(kernels, keyHead, pass.projections, query, pass.stride, rows, product, false);
            for (int row = 0; row < rows; row++) {
                int to = row * absorbedFloats() + heads() * rope + keyHead * latentDim;
                for (int i = 0; i < latentDim; i++) {
                    absorbed[to + i] = product[row * PANEL + Kernels.panelAt(i, rows)] * scale;
                }
            }
        }
    }

    /**
     * Computes one head's outputs from the means of latents: y[r][head] = Σ W_UV[key head] means[r][key head] over its
     * branches.
     *
     * @param means [rows][key heads][latentDim]
     * @param y [rows][heads][valueDim]
     * @param product scratch, panels [⌈valueDim/64⌉][rows][64]
     */
    void output(Kernels kernels, int head, float[] means, int rows, float[] y, float[] product) {
        for (int keyHead = head; keyHead < softmaxes(); keyHead += heads()) {
            valueUp.multiply(
                    kernels, keyHead, means, keyHead * latentDim, softmaxes() * latentDim, rows, product,
                    keyHead > head);
        }
        for (int row = 0; row < rows; row++) {
            for (int i = 0; i < valueDim(); i++) {
                y[(row * heads() + head) * valueDim() + i] = product[row * PANEL + Kernels.panelAt(i, rows)];
            }
        }
    }

    /** Writes W_UK above W_UV of one key head, [nope + valueDim][latentDim], to {@code up} from {@code at} on. */
    void up(int keyHead, float[] up, int at) {
        keyUp.copy(keyHead, up, at);
        for (int i = 0; i < latentDim; i++) {
            for (int d = 0; d < valueDim(); d++) {
                up[at + (nope + d) * latentDim + i] = valueUp.get(keyHead, i, d);
            }
        }
    }

    @Override
    public Scratch scratch() {
        return new Scratch(0, 0, (long) PANEL * PANEL * Float.BYTES, null);
    }

    @Override
    public boolean bitsDependOnRows() {
        return rebuildingPays();
    }

    /** Returns an algorithm that absorbs W_UK into queries or, if that can be faster, rebuilds keys (ADR 30). */
    @Override
    public AttentionAlgorithm newAlgorithm(Kernels kernels, Workers workers, Arena scratch) {
        int rebuiltRows = rebuildingPays() ? LatentAlgorithm.REBUILT_ROWS : Integer.MAX_VALUE;
        return new LatentAlgorithm(this, kernels, workers, rebuiltRows, scratch);
    }

    /** Does nothing: {@link #absorb} has prepared the queries once for all spans. */
    @Override
    public void prepareQuery(float[] queries, int at, PageState state) {}

    @Override
    public void scores(float[] queries, int at, Page page, PageState state) {
        int first = state.firstHead;
        int lines = state.softmaxes.lines;
        PageProducts.multiplyColumns(
                state.kernels, page, queries, at + first * rope, Math.min(lines, heads()), rope, 0, state.scores, 0);
        for (int branch = 1; branch < branches; branch++) {
            System.arraycopy(state.scores, 0, state.scores, branch * heads() * PANEL, heads() * PANEL);
        }
        for (int i = 0, next; i < lines; i = next) {
            next = state.nextGroup(i, keyHeadsPerLatent);
            state.kernels.multiply(
                    queries, at + heads() * rope + (first + i) * latentDim, latentDim, next - i, latentDim,
                    page.format, page.data, page.columnAt(latent(first + i)), PANEL, PANEL, state.scores, i * PANEL, 0,
                    true);
        }
    }

    @Override
    public int summedDim() {
        return latentDim;
    }

    @Override
    public boolean needsF32(Format format) {
        return format == Format.Q8;
    }

    /** Transposes 64 elements of the latents at a time, which then stay in L1 for all heads. */
    @Override
    public void values(Page page, int count, PageState state) {
        int lines = state.softmaxes.lines;
        for (int i = 0, next; i < lines; i = next) {
            next = state.nextGroup(i, keyHeadsPerLatent);
            int latent = latent(state.firstHead + i);
            for (int c = 0; c < latentDim; c += PANEL) {
                int width = Math.min(PANEL, latentDim - c);
                state.kernels.transpose(
                        page.format, page.data, page.columnAt(latent + c), PANEL, width, PANEL, state.offHeap, PANEL);
                state.kernels.multiply(
                        state.probabilities, i * PANEL, PANEL, next - i, count, Format.F32, state.offHeap, 0, PANEL,
                        width, state.softmaxes.out, c * lines + i * PANEL, 0, true);
            }
        }
    }

    @Override
    public void materializeKey(Page page, int slot, int position, int keyHead, double[] k) {
        for (int d = 0; d < nope; d++) {
            k[d] = 0;
            for (int i = 0; i < latentDim; i++) {
                k[d] += (double) keyUp.get(keyHead, d, i) * page.column(slot, latent(keyHead) + i);
            }
        }
        for (int d = 0; d < rope; d++) {
            k[nope + d] = page.column(slot, d);
        }
    }

    @Override
    public void materializeValue(Page page, int slot, int position, int keyHead, double[] v) {
        for (int d = 0; d < valueDim(); d++) {
            v[d] = 0;
            for (int i = 0; i < latentDim; i++) {
                v[d] += (double) valueUp.get(keyHead, i, d) * page.column(slot, latent(keyHead) + i);
            }
        }
    }
}
