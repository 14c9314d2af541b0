package io.github.t6j.attention;

import io.github.t6j.cache.PagedCache;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import java.util.Arrays;

/**
 * Both forms of attention on latents. Few rows meet the latents as they are, W_UK absorbed into the queries, W_UV applied to the mean of
 * latents; for many rows keys and values are rebuilt ({@link LatentPrefill}), unless latents are no larger than these.
 *
 * <p>The number of rows of a pass alone chooses the form: the same bits with any number of threads, but not in any
 * chunks.
 */
public final class LatentAlgorithm implements AttentionAlgorithm {
    /** Rows from which rebuilding keys and values pays: measured, ADR 9. */
    public static final int REBUILT_ROWS = 40;

    private final Kernels kernels;
    private final Workers workers;
    private final PagedAttention absorbed;
    private final LatentPrefill rebuilt;
    private final int rebuiltRows;
    private final float[][] products; // one a worker
    private AttentionPass absorbedPass; // projections: [rows][absorbedFloats]; output: means, [rows][softmaxes][rank]
    private int capacity; // rows of it
    private final Workers.Work absorb = this::absorb;
    private final Workers.Work output = this::output;

    private LatentAttention attention; // the pass's
    private AttentionPass pass;

    /** Attention of {@code shape}'s shape over {@code cache} by these kernels on these threads. */
    public LatentAlgorithm(LatentAttention shape, PagedCache cache, Kernels kernels, Workers workers) {
        this(shape, cache, kernels, workers, shape.rebuiltAreSmaller() ? REBUILT_ROWS : Integer.MAX_VALUE);
    }

    LatentAlgorithm(LatentAttention shape, PagedCache cache, Kernels kernels, Workers workers, int rebuiltRows) {
        this.kernels = kernels;
        this.workers = workers;
        this.rebuiltRows = rebuiltRows;
        absorbed = new PagedAttention(shape, cache, kernels, workers);
        rebuilt = new LatentPrefill(shape, cache, kernels, workers);
        products = new float[workers.threads()][0];
    }

    @Override
    public PagedCache cache() {
        return absorbed.cache();
    }

    @Override
    public void append(AttentionPass newPass) {
        absorbed.append(newPass);
    }

    @Override
    public void attend(AttentionPass newPass) {
        if (newPass.rows >= rebuiltRows) {
            rebuilt.attend(newPass);
        } else {
            attendAbsorbed(newPass);
        }
    }

    @Override
    public void release() {
        rebuilt.release();
        absorbedPass = null;
        capacity = 0;
        Arrays.fill(products, new float[0]);
    }

    private void attendAbsorbed(AttentionPass newPass) {
        begin(newPass);
        workers.run(attention.heads(), absorb);
        absorbed.attend(absorbedPass);
        workers.run(attention.heads(), output);
    }

    private void begin(AttentionPass newPass) {
        pass = newPass;
        attention = (LatentAttention) newPass.attention;
        reserve(pass.rows);
        absorbedPass.begin(attention, pass.layer);
        absorbedPass.rows = pass.rows;
        absorbedPass.position = pass.position;
    }

    @Override
    public int begin(AttentionPass newPass, int threads) {
        begin(newPass);
        for (int head = 0; head < attention.heads(); head++) {
            absorb(head, 0);
        }
        return absorbed.begin(absorbedPass, threads);
    }

    @Override
    public void part(AttentionPass newPass, int part, int worker) {
        absorbed.part(absorbedPass, part, worker);
    }

    @Override
    public void end(AttentionPass newPass) {
        absorbed.end(absorbedPass);
        for (int head = 0; head < attention.heads(); head++) {
            output(head, 0);
        }
    }

    private void reserve(int rows) {
        if (capacity < rows) {
            absorbedPass =
                    new AttentionPass(rows, attention.absorbedFloats(), attention.softmaxes() * attention.rank(), 0);
            int widest = Kernels.padded(Math.max(attention.rank(), attention.valueDim()));
            for (int i = 0; i < products.length; i++) {
                products[i] = new float[rows * widest];
            }
            capacity = rows;
        }
    }

    private void absorb(int head, int worker) {
        attention.absorb(kernels, head, pass, absorbedPass.projections, products[worker]);
    }

    private void output(int head, int worker) {
        attention.output(kernels, head, absorbedPass.output, pass.rows, pass.output, products[worker]);
    }
}
