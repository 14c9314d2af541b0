package io.github.t6j.attention.latent;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.attention.AttentionPass;
import io.github.t6j.attention.paged.OnlineSoftmax;
import io.github.t6j.attention.paged.PageState;
import io.github.t6j.cache.Page;
import io.github.t6j.cache.PagedCache;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Latent attention of all rows of a pass over keys and values rebuilt from the latents, one head and page at a time.
 * Rebuilding costs rank · (nope + valueDim) multiply-adds per token and head; then a row costs only nope + rope +
 * valueDim per token, where the absorbed form needs 2 · rank + rope. A row's softmax runs over the pages in order, so
 * its bits do not depend on the other rows.
 */
final class LatentPrefill {
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Buffers of a thread: one softmax per row, and one head's keys and values of a page. */
    private record Buffers(
            PageState state, // its offHeap: values [64][valueDim in whole panels]
            MemorySegment keys, // [nope + rope][64], then the values before transposition, [valueDim][64]
            float[] queries, // [rows][nope + rope]
            float[] up, // [nope + valueDim][rank]
            float[] rebuilt, // [nope + valueDim][64]
            float[] means) { // [rows][valueDim], output of one branch

        /** Returns buffers for passes of {@code rows} rows, which reuse the off-heap memory of these. */
        Buffers forRows(LatentAttention attention, int rows, Kernels kernels) {
            return new Buffers(
                    new PageState(state, attention, rows, attention.valueDim(), kernels), keys,
                    new float[rows * attention.headDim()], up, rebuilt, new float[rows * attention.valueDim()]);
        }
    }

    private final Kernels kernels;
    private final Workers workers;
    private final PagedCache cache;
    private final Buffers[] buffers; // one per worker
    private final Workers.Work head = this::head;
    private final int valueStride;

    private LatentAttention attention; // of the current pass
    private AttentionPass pass;

    LatentPrefill(LatentAttention shape, PagedCache cache, Kernels kernels, Workers workers) {
        this.cache = cache;
        this.kernels = kernels;
        this.workers = workers;
        buffers = new Buffers[workers.threads()];
        valueStride = Kernels.padded(shape.valueDim());
    }

    /** Attends all rows of a pass, which are already in the cache. */
    void attend(AttentionPass newPass) {
        pass = newPass;
        attention = (LatentAttention) newPass.attention;
        int rows = pass.rows;
        for (int i = 0; i < buffers.length; i++) {
            if (buffers[i] == null || buffers[i].state().span.heads != rows) {
                buffers[i] = buffers[i] == null ? allocate() : buffers[i].forRows(attention, rows, kernels);
            }
        }
        workers.run(attention.heads(), head);
    }

    /** Releases heap memory that only passes of many rows need. */
    void release() {
        for (int i = 0; i < buffers.length; i++) {
            if (buffers[i] != null && buffers[i].state().span.heads > 0) {
                buffers[i] = buffers[i].forRows(attention, 0, kernels);
            }
        }
    }

    private Buffers allocate() {
        int up = attention.nope() + attention.valueDim();
        long keyBytes = columnAt(attention.headDim() + attention.valueDim());
        long valueBytes = (long) PANEL * valueStride * Float.BYTES;
        return new Buffers(
                new PageState(attention, pass.rows, attention.valueDim(), valueBytes, kernels, cache.scratch()),
                cache.scratch().allocate(keyBytes, 64), new float[pass.rows * attention.headDim()],
                new float[up * attention.rank()], new float[up * PANEL],
                new float[pass.rows * attention.valueDim()]);
    }

    private static long columnAt(int column) {
        return (long) column * PANEL * Float.BYTES;
    }

    private void head(int h, int worker) {
        Buffers b = buffers[worker];
        attention.queries(h, pass, b.queries);
        for (int keyHead = h; keyHead < attention.softmaxes(); keyHead += attention.heads()) {
            attention.up(keyHead, b.up);
            b.state.span.clear();
            for (int index = 0; index * PANEL < pass.position + pass.rows; index++) {
                page(index, attention.latent(keyHead), b);
            }
            b.state.span.finish(1f, attention.valueDim(), b.means, 0, attention.valueDim());
            output(h, b.means, keyHead > h);
        }
    }

    /** Writes the output of a head's first branch, or adds that of another branch. */
    private void output(int h, float[] means, boolean others) {
        int width = attention.valueDim();
        for (int row = 0; row < pass.rows; row++) {
            int to = (row * attention.heads() + h) * width;
            for (int d = 0; d < width; d++) {
                pass.output[to + d] = means[row * width + d] + (others ? pass.output[to + d] : 0f);
            }
        }
    }

    private void page(int index, int latent, Buffers b) {
        Page page = b.state.f32(cache.page(pass.layer, index));
        int rows = pass.rows;
        int position = pass.position;
        int count = Math.min(PANEL, position + rows - index * PANEL);
        int first = Math.max(0, index * PANEL - position); // first row that sees a token of the page
        rebuild(page, latent, b);
        PageState state = b.state;
        int headDim = attention.headDim();
        kernels.multiply(
                b.queries, first * headDim, headDim, rows - first, headDim, Format.F32, b.keys, 0, PANEL, PANEL,
                state.scores,
                first * PANEL, 0, false);
        for (int row = 0; row < rows; row++) {
            state.show(row, 0, position + row + 1 - index * PANEL);
        }
        state.softmax(attention, page);
        OnlineSoftmax span = state.span;
        kernels.multiply(
                state.probabilities, first * PANEL, PANEL, rows - first, count, Format.F32, state.offHeap, 0,
                valueStride,
                attention.valueDim(), span.out, first * PANEL, rows * PANEL, true);
    }

    /** Rebuilds the keys and values of one head in a page: W_UK c and k_pe in columns, W_UV c in rows. */
    private void rebuild(Page page, int latent, Buffers b) {
        int nope = attention.nope();
        int width = attention.valueDim();
        page.multiplyColumns(
                kernels, b.up, 0, nope + width, attention.rank(), latent, b.rebuilt, 0);
        MemorySegment.copy(b.rebuilt, 0, b.keys, FLOAT, 0, nope * PANEL);
        page.copyColumns(0, attention.rope(), b.keys, columnAt(nope));
        long values = columnAt(attention.headDim());
        MemorySegment.copy(b.rebuilt, nope * PANEL, b.keys, FLOAT, values, width * PANEL);
        kernels.transpose(Format.F32, b.keys, values, PANEL, width, PANEL, b.state.offHeap, valueStride);
    }
}
