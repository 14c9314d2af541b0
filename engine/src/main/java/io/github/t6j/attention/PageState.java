package io.github.t6j.attention;

import static io.github.t6j.kernels.Kernels.LANES;
import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.cache.Page;
import io.github.t6j.cache.PageLayout;
import io.github.t6j.kernels.Prefetcher;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.ScalarKernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** One thread's buffers while a query passes over pages. */
final class PageState {
    private static final int LAZY_MAX_BITS = Float.floatToIntBits(Kernels.LAZY_MAX);

    /** The maximum where all logits are hidden: less −∞, −∞ would be no number. */
    private static final float LOWEST = -Float.MAX_VALUE;

    final float[] query; //     scaled query or its head factors, as the variant prepares it
    final float[] products; //  what the variant makes of query and page on the way to logits
    final float[] logits; //    [heads][64]
    final float[] weights; //   [heads][weightsPerHead][64]
    final float[] maxima; //    [heads], largest logits of this page
    final float[] sumBefore; // [heads][LANES], to go back to
    final MemorySegment page; // a page as the variant rewrites it
    final Page scratch; //      a page of what the variant rewrites, of attention.scratch(), or null
    final OnlineSoftmax own; //   for the pages of one span
    final OnlineSoftmax all; //   for the spans so far
    OnlineSoftmax span; //        what pages are added to at the moment
    final Prefetcher ahead = new Prefetcher(); // what this thread reads next
    final Kernels kernels; // that read it
    private final boolean copies; // whether the variant copies elements out of pages
    private Page widened; //       the page at hand in f32, if the cache is narrower

    /** Buffers for {@code attention} and any other of its shape. */
    PageState(Attention attention, Kernels kernels, ScalarKernels scalar) {
        this(attention, attention.heads(), attention.summedDim(), attention.pageBytes(), kernels, scalar);
    }

    /**
     * Buffers for {@code lines} softmaxes at once.
     *
     * @param width elements that each of them sums
     * @param pageBytes bytes of {@link #page}
     */
    PageState(Attention attention, int lines, int width, long pageBytes, Kernels kernels, ScalarKernels scalar) {
        this.kernels = kernels.reading(ahead);
        copies = attention.copiesPages();
        query = new float[attention.queryFloats()];
        products = new float[attention.productFloats()];
        logits = new float[lines * PANEL];
        weights = new float[lines * attention.weightsPerHead() * PANEL];
        maxima = new float[lines];
        sumBefore = new float[lines * LANES];
        page = Arena.ofAuto().allocate(pageBytes, 64);
        PageLayout layout = attention.scratch();
        scratch = layout == null ? null : Page.allocate(layout, Format.F32, Arena.ofAuto());
        own = new OnlineSoftmax(lines, width, scalar);
        span = own;
        all = new OnlineSoftmax(lines, width, scalar);
    }

    /** From a page's logits to its weights; the span's maxima follow where logits exceed them by too much. */
    void weigh(Attention attention, Page from) {
        if (span.isEmpty()) {
            raise();
        }
        System.arraycopy(span.sum, 0, sumBefore, 0, span.sum.length);
        if (attention.weights(kernels, from, this) > LAZY_MAX_BITS) {
            System.arraycopy(sumBefore, 0, span.sum, 0, span.sum.length);
            raise();
            attention.weights(kernels, from, this);
        }
    }

    /** Raises the maximum of every head whose logits exceed it by too much (NaN does, too). */
    private void raise() {
        kernels.rowMaxima(logits, span.heads, maxima);
        for (int h = 0; h < span.heads; h++) {
            if (!(maxima[h] - span.max[h] <= Kernels.LAZY_MAX)) {
                span.raise(h, Math.max(maxima[h], LOWEST));
            }
        }
    }

    /** {@code from}, or its elements in f32, until the next call, where neither kernels nor the variant read its format. */
    Page readable(Page from) {
        if (from.format() == Format.F32 || from.format() != Format.F16 && !copies) {
            return from;
        }
        if (widened == null) {
            widened = Page.allocate(from.layout(), Format.F32, Arena.ofAuto());
        }
        from.widen(kernels, widened);
        return widened;
    }
}
