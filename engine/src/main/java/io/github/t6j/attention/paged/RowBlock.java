package io.github.t6j.attention.paged;

import io.github.t6j.attention.AttentionPass;
import io.github.t6j.kernels.Kernels;
import java.lang.foreign.Arena;

/** Rows and groups of heads that {@link Prefill} attends together, with the buffers of a worker. */
public final class RowBlock {
    /** Number of rows that fit, the distance of the heads' lines. */
    public final int capacity;

    /** Queries and buffers for a page. */
    public final PageState state;

    /** Pass of the rows. */
    public AttentionPass pass;

    /** First row of the pass that belongs to the block. */
    public int first;

    /** Row of the pass after the last one of the block. */
    public int end;

    /** First row of the block that sees a token of the current page. */
    public int low;

    /** First group of heads. */
    public int firstGroup;

    /** Group after the last one. */
    public int endGroup;

    final int groups; // number of groups that fit
    private final int rowLines; // consecutive lines of a row
    private final int lastGroup; // group with fewer heads than others, or −1
    private final OnlineSoftmax[] all; // softmaxes of each group over the spans so far, last those of lastGroup
    private final OnlineSoftmax[] later; // softmaxes over a later span; all if spans are not merged
    private OnlineSoftmax[] spans; // current span

    /**
     * Allocates buffers for {@code rows} rows.
     *
     * @param before buffers for other rows, whose off-heap memory is reused, or null
     * @param memory arena of off-heap buffers if {@code before} is null
     */
    RowBlock(PrefillForm form, RowBlock before, int rows, int groups, Kernels kernels, Arena memory) {
        capacity = rows;
        this.groups = groups;
        rowLines = form.ordersByRow() ? form.groupHeads() : 1;
        lastGroup = form.softmaxes() % form.groupHeads() == 0 ? -1 : form.softmaxes() / form.groupHeads();
        int lines = form.groupHeads() * rows;
        PageAttention.Scratch sizes = form.scratch(rows);
        state = before == null
                ? new PageState(sizes, lines, kernels, memory)
                : new PageState(before.state, sizes, lines, kernels);
        all = softmaxes(form);
        later = form.mergesSpans() ? softmaxes(form) : all;
    }

    private OnlineSoftmax[] softmaxes(PrefillForm form) {
        int whole = Math.min(groups, form.softmaxes() / form.groupHeads());
        OnlineSoftmax[] some = new OnlineSoftmax[lastGroup < 0 ? whole : whole + 1];
        for (int i = 0; i < some.length; i++) {
            int heads = i < whole ? form.groupHeads() : form.softmaxes() % form.groupHeads();
            some[i] = new OnlineSoftmax(heads * capacity, form.valueDim());
        }
        return some;
    }

    /** Returns the number of rows. */
    public int rows() {
        return end - first;
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
        return group == lastGroup ? all.length - 1 : group - firstGroup;
    }

    /** Returns the softmaxes of a group over all spans. */
    OnlineSoftmax softmaxes(int group) {
        return all[index(group)];
    }

    /** Returns the softmaxes of a group over the current span. */
    OnlineSoftmax span(int group) {
        return spans[index(group)];
    }

    void beginSpan(boolean isLater) {
        spans = isLater ? later : all;
        for (int group = firstGroup; group < endGroup; group++) {
            span(group).clear();
        }
    }

    void endSpan() {
        for (int group = firstGroup; spans != all && group < endGroup; group++) {
            softmaxes(group).add(span(group), state.kernels);
        }
    }
}
