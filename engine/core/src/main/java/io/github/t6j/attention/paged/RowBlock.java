package io.github.t6j.attention.paged;

import io.github.t6j.attention.AttentionPass;
import io.github.t6j.kernels.Kernels;
import java.lang.foreign.Arena;

/** Rows and groups of heads whose attention {@link Prefill} computes together, with the buffers of a worker. */
public final class RowBlock {
    public final int capacity; //    maximum number of rows; also the lines from head to head if not ordered by row
    public final PageState state; // queries and buffers for a page
    public AttentionPass pass;
    public int first; //      first row of the pass that belongs to the block
    public int end; //        row of the pass after the block
    public int low; //        first row of the block that sees a token of the current page
    public int firstGroup; // first group of heads
    public int endGroup; //   group after the last one
    final int groups; // maximum number of groups
    private final int rowLines; // consecutive lines of a row
    private final int lastGroup; // group with fewer heads than others, or −1
    private final OnlineSoftmax[] rowSoftmaxes; //   softmaxes of each group over the spans so far; lastGroup is last
    private final OnlineSoftmax[] laterSoftmaxes; // softmaxes over a later span; rowSoftmaxes if there is one span
    private OnlineSoftmax[] spanSoftmaxes; // softmaxes over the current span

    /**
     * Allocates buffers for {@code rows} rows.
     *
     * @param before buffers for other rows, whose off-heap memory is reused, or null
     * @param memory arena of off-heap buffers if {@code before} is null
     */
    RowBlock(PrefillOperations operations, RowBlock before, int rows, int groups, Kernels kernels, Arena memory) {
        capacity = rows;
        this.groups = groups;
        PrefillOperations.Sizes sizes = operations.sizes();
        int softmaxes = sizes.attention().softmaxes();
        rowLines = sizes.ordersByRow() ? sizes.groupHeads() : 1;
        lastGroup = softmaxes % sizes.groupHeads() == 0 ? -1 : softmaxes / sizes.groupHeads();
        state = new PageState(
                before == null ? null : before.state, operations.scratch(rows), sizes.groupHeads() * rows, 0, 0,
                kernels, memory);
        rowSoftmaxes = newSoftmaxes(sizes, softmaxes);
        laterSoftmaxes = sizes.keepsBits() ? newSoftmaxes(sizes, softmaxes) : rowSoftmaxes;
    }

    private OnlineSoftmax[] newSoftmaxes(PrefillOperations.Sizes sizes, int softmaxes) {
        int whole = Math.min(groups, softmaxes / sizes.groupHeads());
        OnlineSoftmax[] created = new OnlineSoftmax[lastGroup < 0 ? whole : whole + 1];
        for (int i = 0; i < created.length; i++) {
            int heads = i < whole ? sizes.groupHeads() : softmaxes % sizes.groupHeads();
            created[i] = new OnlineSoftmax(heads * capacity, sizes.attention().valueDim());
        }
        return created;
    }

    public int rows() {
        return end - first;
    }

    /** Sets state.query to {@code count} elements of each row from offset {@code from}, times {@code scale}. */
    public void scaleQueries(int from, int count, float scale) {
        for (int row = 0; row < rows(); row++) {
            int at = pass.at(first + row) + from;
            for (int i = 0; i < count; i++) {
                state.query[row * count + i] = pass.projections[at + i] * scale;
            }
        }
    }

    /** Returns the row of a line, from 0. */
    int row(int line) {
        return line / rowLines % capacity;
    }

    /** Returns the head of a line in its group. */
    int head(int line) {
        return line / (rowLines * capacity) + line % rowLines;
    }

    private int index(int group) {
        return group == lastGroup ? rowSoftmaxes.length - 1 : group - firstGroup;
    }

    /** Returns the softmaxes of a group over all spans. */
    OnlineSoftmax rowSoftmaxes(int group) {
        return rowSoftmaxes[index(group)];
    }

    /** Returns the softmaxes of a group over the current span. */
    OnlineSoftmax spanSoftmaxes(int group) {
        return spanSoftmaxes[index(group)];
    }

    void beginSpan(boolean isLater) {
        spanSoftmaxes = isLater ? laterSoftmaxes : rowSoftmaxes;
        for (int group = firstGroup; group < endGroup; group++) {
            spanSoftmaxes(group).clear();
        }
    }

    void endSpan() {
        if (spanSoftmaxes != rowSoftmaxes) {
            for (int group = firstGroup; group < endGroup; group++) {
                rowSoftmaxes(group).add(spanSoftmaxes(group), state.kernels);
            }
        }
    }
}
