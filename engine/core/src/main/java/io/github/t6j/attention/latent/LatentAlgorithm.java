package io.github.t6j.attention.latent;

import io.github.t6j.attention.AttentionAlgorithm;
import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.paged.PagedAlgorithm;
import io.github.t6j.attention.paged.Prefill;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.cache.SequenceCache;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import java.lang.foreign.Arena;

/**
 * Attention on latents by two algorithms. For few rows the queries are multiplied by the cached latents: W_UK is
 * absorbed into the queries, and W_UV is applied to the mean of latents. For many rows {@link LatentOperations}
 * rebuilds keys and values, if that is faster for the shape.
 *
 * <p>The number of rows of a pass alone determines the algorithm, so the bits depend on the chunks of a prompt, but not
 * on the number of threads.
 */
public final class LatentAlgorithm implements AttentionAlgorithm {
    /** Minimum number of rows at which rebuilding keys and values is faster (ADR 9). */
    public static final int REBUILT_ROWS = 40;

    private final Kernels kernels;
    private final Workers workers;
    private final PagedAlgorithm absorbed;
    private final Prefill rebuilt;
    private final float[][] products; // one per worker
    private AttentionPass absorbedPass; // of absorbed queries; output: means, [rows][softmaxes][latentDim]
    private final Workers.Work absorbWork = this::absorb;
    private final Workers.Work outputWork = this::output;

    private LatentAttention attention; // of the current pass
    private AttentionPass pass;

    /**
     * Creates attention with the shape of {@code shape}, bound to no cache yet.
     *
     * @param rebuiltRows minimum number of rows at which keys and values are rebuilt
     * @param scratch arena of its off-heap buffers
     */
    LatentAlgorithm(LatentAttention shape, Kernels kernels, Workers workers, int rebuiltRows, Arena scratch) {
        this.kernels = kernels;
        this.workers = workers;
        absorbed = new PagedAlgorithm(shape, kernels, workers, scratch, null);
        rebuilt = new Prefill(new LatentOperations(shape, rebuiltRows), kernels, workers, scratch);
        products = new float[workers.threads()][0];
    }

    @Override
    public PagedCache cache() {
        return absorbed.cache();
    }

    @Override
    public void bind(SequenceCache cache) {
        absorbed.bind(cache);
        pass = null;
    }

    @Override
    public void append(AttentionPass newPass) {
        absorbed.append(newPass);
    }

    @Override
    public void attend(AttentionPass newPass) {
        if (rebuilt.accepts(newPass.rows)) {
            rebuilt.attend(newPass, cache());
        } else {
            setPass(newPass);
            workers.run(attention.heads(), absorbWork);
            absorbed.attend(absorbedPass);
            workers.run(attention.heads(), outputWork);
        }
    }

    private void setPass(AttentionPass newPass) {
        pass = newPass;
        attention = (LatentAttention) newPass.attention;
        reserve(pass.rows);
        absorbedPass.setLayer(attention, pass.place);
        absorbedPass.rows = pass.rows;
        absorbedPass.position = pass.position;
    }

    @Override
    public int beginRow(AttentionPass newPass, int threads) {
        setPass(newPass);
        for (int head = 0; head < attention.heads(); head++) {
            absorb(head, 0);
        }
        return absorbed.beginRow(absorbedPass, threads);
    }

    @Override
    public void computeTask(AttentionPass newPass, int task, int worker) {
        absorbed.computeTask(absorbedPass, task, worker);
    }

    @Override
    public void endRow(AttentionPass newPass) {
        absorbed.endRow(absorbedPass);
        for (int head = 0; head < attention.heads(); head++) {
            output(head, 0);
        }
    }

    private void reserve(int rows) {
        if (absorbedPass == null || absorbedPass.capacity() < rows) {
            absorbedPass =
                    new AttentionPass(rows, attention.absorbedFloats(), attention.softmaxes() * attention.latentDim, 0);
            int widest = Kernels.padded(Math.max(attention.latentDim, attention.valueDim()));
            for (int i = 0; i < products.length; i++) {
                products[i] = new float[rows * widest];
            }
        }
    }

    private void absorb(int head, int worker) {
        attention.absorb(kernels, head, pass, absorbedPass.projections, products[worker]);
    }

    private void output(int head, int worker) {
        attention.output(kernels, head, absorbedPass.output, pass.rows, pass.output, products[worker]);
    }
}
