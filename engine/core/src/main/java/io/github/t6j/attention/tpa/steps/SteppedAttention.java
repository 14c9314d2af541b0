package io.github.t6j.attention.tpa.steps;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.attention.AttentionAlgorithm;
import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.Rope;
import io.github.t6j.attention.paged.PageAttention;
import io.github.t6j.attention.paged.PageState;
import io.github.t6j.attention.paged.PagedAlgorithm;
import io.github.t6j.attention.paged.Prefill;
import io.github.t6j.attention.paged.PrefillOperations;
import io.github.t6j.attention.paged.RowBlock;
import io.github.t6j.cache.Page;
import io.github.t6j.cache.PageLayout;
import io.github.t6j.cache.PageLayout.Vectors;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;

/**
 * Tensor product attention with whole queries, whose heads share the keys and values of K heads, and {@link Steps}. The
 * cache keeps factors; keys and values of a page are rebuilt a head at a time ({@link PageFactors}) and multiplied by
 * all queries of their group.
 *
 * <pre>
 *   columns  B_K [R][D] | A_K [K][R] | A_V [K][R]      rows  B_V [R][D]      exact  α_K [K] | α_V [K] | ρ [K]
 * </pre>
 *
 * The factors are cached unshifted, so a token also needs its predecessor: the page before a page, and one token more
 * than a window. α and ρ stay f32; ρ is computed from the factors as they are cached, so that it does not depend on the
 * passes and a key of rounded factors has the length of a whole one.
 */
public final class SteppedAttention extends PageAttention implements PrefillOperations {
    /** Minimum number of queries of a block, since each block rebuilds the pages again. */
    private static final int MIN_QUERIES = 128;

    private final SteppedConfig sizes;
    private final Steps steps;
    private final SteppedRow offsets;
    private final PageFactors factors;
    private final RowSteps rowSteps;
    private final int groupSize; // query heads per key head

    SteppedAttention(SteppedConfig sizes, RowSteps rowSteps) {
        super(sizes.heads(), sizes.headDim(), sizes.headDim(), layout(sizes));
        this.sizes = sizes;
        this.rowSteps = rowSteps;
        steps = sizes.steps();
        offsets = SteppedRow.of(sizes);
        factors = new PageFactors(sizes);
        groupSize = sizes.groupSize();
    }

    private static PageLayout layout(SteppedConfig sizes) {
        Vectors features = Vectors.oneByOne(sizes.rank(), sizes.headDim());
        Vectors heads = Vectors.interleaved(sizes.rank(), sizes.keyValueHeads());
        return new PageLayout(
                List.of(features, heads, heads), sizes.rank(), sizes.headDim(), new PageFactors(sizes).exact());
    }

    @Override
    public int projections() {
        return offsets.end();
    }

    @Override
    public double scoreDivisor() {
        return steps.scores().divisor() == 0 ? super.scoreDivisor() : steps.scores().divisor();
    }

    @Override
    public float scoreCap() {
        return steps.scores().cap();
    }

    @Override
    public int window() {
        return steps.window();
    }

    @Override
    public int cachedWindow() {
        return steps.window() > 0 && steps.shift() ? steps.window() + 1 : steps.window();
    }

    @Override
    public boolean needsF32(Format format) {
        return true;
    }

    @Override
    public boolean readsPredecessors() {
        return steps.shift() || steps.norms();
    }

    /** Returns the projections and, if queries are factored, the whole queries. */
    @Override
    public int rowFloats() {
        return Math.max(offsets.end(), offsets.query() + heads() * headDim());
    }

    @Override
    public void materializeQuery(float[] projections, int at, int head, double[] q) {
        super.materializeQuery(projections, at + offsets.query(), head, q);
    }

    @Override
    public void rotateAndActivate(Rope rope, AttentionPass pass, int row) {
        rowSteps.prepare(rope, pass, row);
    }

    @Override
    public boolean finishes() {
        return true;
    }

    @Override
    public void finish(AttentionPass pass, int row, Kernels kernels) {
        rowSteps.finish(pass, row, kernels);
    }

    @Override
    public void append(float[] projections, int at, Page page, int slot) {
        page.write(slot, projections, at + offsets.bK(), projections, at + offsets.bV());
        for (int i = 0; i < offsets.lambda() - offsets.shiftK(); i++) {
            page.writeExact(slot, i, projections[at + offsets.shiftK() + i]);
        }
    }

    /** Writes ρ of the rows' keys. */
    @Override
    public void complete(AttentionPass pass, int first, int end, PagedCache cache) {
        if (!steps.norms()) {
            return;
        }
        double[] key = new double[headDim()];
        float[] own = new float[factors.keyFactors()];
        float[] before = new float[factors.keyFactors()];
        for (int row = first; row < end; row++) {
            int token = pass.position + row;
            Page page = cache.pageOf(pass.layer, token);
            int slot = PagedCache.slot(token);
            float[] last = before;
            before = own; // of the row before
            own = last;
            if (row == first && token > 0 && steps.shift()) {
                factors.readKey(cache.pageOf(pass.layer, token - 1), PagedCache.slot(token - 1), before);
            }
            factors.readKey(page, slot, own);
            for (int head = 0; head < sizes.keyValueHeads(); head++) {
                double alpha = steps.shift() ? page.exact(slot, factors.keyShift(head)) : 0;
                Arrays.fill(key, 0);
                factors.addKey(own, head, 1 - alpha, key);
                if (alpha > 0) {
                    factors.addKey(before, head, alpha, key);
                }
                page.writeExact(slot, factors.keyScale(head), (float) scale(key));
            }
        }
    }

    private double scale(double[] key) {
        double squares = 0;
        for (double element : key) {
            squares += element * element;
        }
        return 1 / Math.sqrt(squares / key.length + steps.normEpsilon());
    }

    private void shiftedKey(PagedCache cache, int layer, int token, int head, double[] key) {
        Page page = cache.pageOf(layer, token);
        double alpha = steps.shift() ? page.exact(PagedCache.slot(token), factors.keyShift(head)) : 0;
        addKey(page, PagedCache.slot(token), head, 1 - alpha, 0, key);
        if (alpha > 0) {
            addKey(cache.pageOf(layer, token - 1), PagedCache.slot(token - 1), head, alpha, 1, key);
        }
    }

    /** Sets {@code key} to {@code before} times itself plus {@code factor} times the unshifted key of a token. */
    private void addKey(Page page, int slot, int head, double factor, int before, double[] key) {
        for (int d = 0; d < key.length; d++) {
            double sum = 0;
            for (int r = 0; r < sizes.rank(); r++) {
                sum += (double) page.column(slot, factors.keyHeadColumn(head, r))
                        * page.column(slot, r * key.length + d);
            }
            key[d] = before * key[d] + factor * sum / sizes.rank();
        }
    }

    @Override
    public Scratch scratch() {
        return factors.scratch(heads() * headDim());
    }

    @Override
    public void prepareQuery(float[] projections, int at, PageState state) {
        state.scaleQuery(projections, at + offsets.query() + state.firstHead * headDim(),
                state.softmaxes.lines * headDim(), scale());
    }

    @Override
    public void scores(float[] projections, int at, Page page, PageState state) {
        factors.readFeatures(page, state);
        for (int i = 0, next; i < state.softmaxes.lines; i = next) {
            next = state.nextGroup(i, groupSize);
            factors.scores(page, (state.firstHead + i) / groupSize, i, next - i, state);
        }
    }

    @Override
    public void values(Page page, int count, PageState state) {
        for (int i = 0, next; i < state.softmaxes.lines; i = next) {
            next = state.nextGroup(i, groupSize);
            factors.values(page, (state.firstHead + i) / groupSize, i, next - i, count, state);
        }
    }

    /** Returns an algorithm that computes passes of several rows in blocks, with the bits of single rows. */
    @Override
    public AttentionAlgorithm newAlgorithm(Kernels kernels, Workers workers, Arena scratch) {
        return new PagedAlgorithm(
                this, kernels, workers, scratch, new Prefill(this, kernels, workers, scratch));
    }

    @Override
    public Sizes sizes() {
        return new Sizes(this, 2, groupSize, 0, true, true);
    }

    @Override
    public int blockRows(int rows, int threads) {
        return Math.ceilDiv(MIN_QUERIES, groupSize);
    }

    @Override
    public Scratch scratch(int rows) {
        return factors.blockScratch(rows * heads() * headDim());
    }

    /** Scales the queries of all groups of the block, [group][rows][heads of the group][D]. */
    @Override
    public void prepareQueries(RowBlock block) {
        int floats = groupSize * headDim();
        float scale = scale();
        for (int group = block.firstGroup; group < block.endGroup; group++) {
            for (int row = 0; row < block.rows(); row++) {
                int from = block.pass.at(block.first + row) + offsets.query() + group * floats;
                int to = (group * block.capacity + row) * floats;
                for (int i = 0; i < floats; i++) {
                    block.state.query[to + i] = block.pass.projections[from + i] * scale;
                }
            }
        }
    }

    @Override
    public Page prepareKeys(Page page, RowBlock block) {
        factors.readKeys(page, block.state);
        factors.readValues(page, block.state);
        return page;
    }

    @Override
    public void scores(Page page, Page keys, int group, RowBlock block) {
        int low = block.low * groupSize;
        int size = headDim();
        factors.rebuildKeys(page, group, block.state);
        block.state.kernels.multiply(
                block.state.query, (group * block.capacity * groupSize + low) * size, size,
                block.rows() * groupSize - low, size, Format.F32, block.state.offHeap, factors.headKeysAt(), PANEL,
                PANEL, block.state.scores, low * PANEL, 0, false);
    }

    @Override
    public void values(Page page, int group, int count, RowBlock block) {
        int low = block.low * groupSize;
        factors.rebuildValues(page, group, block.state);
        block.state.kernels.multiply(
                block.state.probabilities, low * PANEL, PANEL, block.rows() * groupSize - low, count, Format.F32,
                block.state.offHeap, factors.headValuesAt(), factors.valueStride(), headDim(),
                block.state.softmaxes.out, low * PANEL, block.state.softmaxes.lines * PANEL, true);
    }

    @Override
    public void materializeKey(PagedCache cache, int layer, int token, int head, double[] k) {
        shiftedKey(cache, layer, token, head / groupSize, k);
        double scale = steps.norms() ? scale(k) : 1;
        for (int d = 0; d < k.length; d++) {
            k[d] *= scale;
        }
    }

    @Override
    public void materializeValue(PagedCache cache, int layer, int token, int head, double[] v) {
        int group = head / groupSize;
        Page page = cache.pageOf(layer, token);
        int slot = PagedCache.slot(token);
        double alpha = steps.shift() ? page.exact(slot, factors.valueShift(group)) : 0;
        for (int d = 0; d < v.length; d++) {
            v[d] = (1 - alpha) * value(page, slot, group, d);
            if (alpha > 0) {
                v[d] += alpha * value(cache.pageOf(layer, token - 1), PagedCache.slot(token - 1), group, d);
            }
        }
    }

    private double value(Page page, int slot, int head, int d) {
        double sum = 0;
        for (int r = 0; r < sizes.rank(); r++) {
            sum += (double) page.column(slot, factors.valueHeadColumn(head, r)) * page.row(slot, r, d);
        }
        return sum / sizes.rank();
    }

    @Override
    public void materializeKey(Page page, int slot, int position, int head, double[] k) {
        throw new UnsupportedOperationException("a key depends on its predecessor, which may be in another page");
    }

    @Override
    public void materializeValue(Page page, int slot, int position, int head, double[] v) {
        throw new UnsupportedOperationException("a value depends on its predecessor, which may be in another page");
    }
}
