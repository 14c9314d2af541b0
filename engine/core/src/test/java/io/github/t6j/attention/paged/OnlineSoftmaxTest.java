package io.github.t6j.attention.paged;

import static io.github.t6j.kernels.Kernels.LANES;
import static io.github.t6j.kernels.Kernels.PANEL;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.choice.KernelChoice;
import org.junit.jupiter.api.Test;

/** Tests adding sums by several threads, some heads each, after spans without a token. */
class OnlineSoftmaxTest {
    private static final int HEADS = 3;

    /** Returns softmaxes over one token with probability 1: head h has the maximum h and the value h + 1. */
    private static OnlineSoftmax oneToken() {
        OnlineSoftmax one = new OnlineSoftmax(HEADS, 2);
        one.clear();
        for (int h = 0; h < HEADS; h++) {
            one.max[h] = h;
            one.sum[h * LANES] = 1;
            one.out[h * PANEL] = h + 1;
            one.out[h * PANEL + 1] = -h - 1;
        }
        return one;
    }

    @Test
    void headsAreAddedAndFinishedIndependently() {
        Kernels kernels = KernelChoice.scalar();
        OnlineSoftmax all = new OnlineSoftmax(HEADS, 2);
        all.clear();
        float[] y = new float[HEADS * 2];
        for (int h = HEADS - 1; h >= 0; h--) { // the first head last, since no other head may depend on it
            all.add(oneToken(), h, 1, kernels);
            all.finish(h, 1, 1f, 2, y, 0, 2);
        }
        assertThat(y).containsExactly(1, -1, 2, -2, 3, -3);
    }

    @Test
    void withoutATokenTheOutputIsZero() {
        OnlineSoftmax none = new OnlineSoftmax(HEADS, 2);
        none.clear();
        none.add(none, 1, 1, KernelChoice.scalar());
        float[] y = {1, 1, 1, 1, 1, 1};
        none.finish(0, HEADS, 1f, 2, y, 0, 2);
        assertThat(y).containsOnly(0f);
    }
}
