package io.github.t6j.attention.paged;

import io.github.t6j.kernels.Kernels;
import java.util.Arrays;

/**
 * Tasks into which the attention of one row is split for several threads. Each computes a span of pages and, if there
 * are more threads than spans, only some of the heads. Merges then add the spans. Bits depend only on the spans, since
 * heads are independent.
 *
 * <pre>
 *   tasks     span 0: heads 0 … 8 | 9 … 16 | …     span 1: heads 0 … 8 | …
 *   merges    heads 0 … 8 of all spans | heads 9 … 16 | …
 * </pre>
 */
final class RowTasks {
    private final PageAttention shape;
    private OnlineSoftmax[][] allSoftmaxes = new OnlineSoftmax[0][]; // by number of slices, which sequences change
    private OnlineSoftmax[] softmaxes; // [spans][slices]
    private int spans;
    private int slices; // number of slices of the heads
    private int sliceMerges; // number of merges per slice

    RowTasks(PageAttention shape) {
        this.shape = shape;
    }

    /** Splits {@code newSpans} spans for {@code threads} threads and returns the number of tasks. */
    int split(int newSpans, int threads) {
        spans = newSpans;
        slices = shape.splitsHeads() ? Math.min(Math.ceilDiv(threads, newSpans), shape.softmaxes()) : 1;
        sliceMerges = Math.min(Math.ceilDiv(threads, slices), shape.softmaxes() / slices);
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
        for (int task = existing.length; task < length; task++) {
            int heads = firstHead(task % slices + 1) - firstHead(task % slices);
            grown[task] = new OnlineSoftmax(heads, shape.summedDim());
        }
        return grown;
    }

    private int firstHead(int slice) {
        return slice * shape.softmaxes() / slices;
    }

    int span(int task) {
        return task / slices;
    }

    /** Returns the first head of a task. */
    int head(int task) {
        return firstHead(task % slices);
    }

    /** Returns the softmaxes to which a task adds its pages. */
    OnlineSoftmax softmaxes(int task) {
        return softmaxes[task];
    }

    /** Returns the number of merges; each adds the spans of some heads. */
    int merges() {
        return slices * sliceMerges;
    }

    /** Adds the spans of some heads in order and writes their outputs to {@code y} [softmaxes][summedDim]. */
    void merge(int merge, Kernels kernels, float[] y) {
        int slice = merge / sliceMerges;
        OnlineSoftmax sums = softmaxes[slice];
        int first = merge % sliceMerges * sums.lines / sliceMerges;
        int count = (merge % sliceMerges + 1) * sums.lines / sliceMerges - first;
        for (int span = 1; span < spans; span++) {
            sums.add(softmaxes[span * slices + slice], first, count, kernels);
        }
        int width = shape.summedDim();
        int to = firstHead(slice) * width;
        sums.finish(first, count, Math.max(1, shape.valueRank()), width, y, to, width);
    }
}
