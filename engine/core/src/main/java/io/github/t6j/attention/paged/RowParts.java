package io.github.t6j.attention.paged;

import io.github.t6j.kernels.Kernels;
import java.util.Arrays;

/**
 * Parts of one row's attention for several threads: each part is a span of pages and, if there are more threads than
 * spans, some of the heads. Bits depend only on the spans, since heads are independent.
 *
 * <pre>
 *   parts    span 0: heads 0 … 8 | 9 … 16 | …     span 1: heads 0 … 8 | …
 *   joins    heads 0 … 8 of all spans | heads 9 … 16 | …
 * </pre>
 */
final class RowParts {
    private final PageAttention shape;
    private OnlineSoftmax[][] allSoftmaxes = new OnlineSoftmax[0][]; // by number of slices, which sequences change
    private OnlineSoftmax[] softmaxes; // [spans][slices]
    private int spans;
    private int slices; // number of slices of the heads
    private int joins; // joins per slice

    RowParts(PageAttention shape) {
        this.shape = shape;
    }

    /** Splits {@code newSpans} spans for {@code threads} threads and returns the number of parts. */
    int cut(int newSpans, int threads) {
        spans = newSpans;
        slices = shape.cutsHeads() ? Math.min(Math.ceilDiv(threads, newSpans), shape.softmaxes()) : 1;
        joins = Math.min(Math.ceilDiv(threads, slices), shape.softmaxes() / slices);
        if (allSoftmaxes.length <= slices) {
            int before = allSoftmaxes.length;
            allSoftmaxes = Arrays.copyOf(allSoftmaxes, slices + 1);
            Arrays.fill(allSoftmaxes, before, slices + 1, new OnlineSoftmax[0]);
        }
        if (allSoftmaxes[slices].length < spans * slices) {
            allSoftmaxes[slices] = grown(allSoftmaxes[slices], spans * slices);
        }
        softmaxes = allSoftmaxes[slices];
        return spans * slices;
    }

    private OnlineSoftmax[] grown(OnlineSoftmax[] existing, int length) {
        OnlineSoftmax[] grown = Arrays.copyOf(existing, length);
        for (int part = existing.length; part < length; part++) {
            int heads = firstHead(part % slices + 1) - firstHead(part % slices);
            grown[part] = new OnlineSoftmax(heads, shape.summedDim());
        }
        return grown;
    }

    private int firstHead(int slice) {
        return slice * shape.softmaxes() / slices;
    }

    int span(int part) {
        return part / slices;
    }

    /** Returns the first head of a part. */
    int head(int part) {
        return firstHead(part % slices);
    }

    /** Returns the softmaxes to which a part adds its pages. */
    OnlineSoftmax softmaxes(int part) {
        return softmaxes[part];
    }

    /** Returns the number of joins; each adds the spans of some heads. */
    int joins() {
        return slices * joins;
    }

    /** Adds the spans of some heads in order and writes their outputs to {@code y} [softmaxes][summedDim]. */
    void join(int join, Kernels kernels, float[] y) {
        int slice = join / joins;
        OnlineSoftmax sums = softmaxes[slice];
        int first = join % joins * sums.lines / joins;
        int count = (join % joins + 1) * sums.lines / joins - first;
        for (int span = 1; span < spans; span++) {
            sums.add(softmaxes[span * slices + slice], first, count, kernels);
        }
        int width = shape.summedDim();
        int to = firstHead(slice) * width;
        sums.finish(first, count, Math.max(1, shape.valueRank()), width, y, to, width);
    }
}
