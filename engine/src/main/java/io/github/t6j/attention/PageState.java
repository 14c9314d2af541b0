package io.github.t6j.attention;

import static io.github.t6j.kernels.Kernels.LANES;
import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.cache.Page;
import io.github.t6j.cache.PageLayout;
import io.github.t6j.kernels.ScalarKernels;
import java.lang.foreign.Arena;

/** One thread's buffers while a query passes over pages. */
final class PageState {
    final float[] query; //     scaled query or its head factors, as the variant prepares it
    final float[] products; //  what the variant makes of query and page on the way to logits
    final float[] logits; //    [heads][64]
    final float[] weights; //   [heads][weightsPerHead][64]
    final float[] maxima; //    [heads], largest logits of this page
    final float[] sumBefore; // [heads][LANES], to go back to
    final Page page; //         of this thread's own, of attention.scratch(), or null
    final PartialSoftmax span; // the pages of one span
    final PartialSoftmax all; //  the spans so far

    /** Buffers for {@code attention} and any other of its shape. */
    PageState(Attention attention, ScalarKernels scalar) {
        int heads = attention.heads();
        query = new float[attention.queryFloats()];
        products = new float[attention.productFloats()];
        logits = new float[heads * PANEL];
        weights = new float[heads * attention.weightsPerHead() * PANEL];
        maxima = new float[heads];
        sumBefore = new float[heads * LANES];
        PageLayout scratch = attention.scratch();
        page = scratch == null ? null : new Page(scratch, Arena.ofAuto().allocate(scratch.bytes(), 64));
        span = new PartialSoftmax(heads, attention.headDim(), scalar);
        all = new PartialSoftmax(heads, attention.headDim(), scalar);
    }
}
