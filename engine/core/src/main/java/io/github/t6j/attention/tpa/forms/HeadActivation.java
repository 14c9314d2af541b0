package io.github.t6j.attention.tpa.forms;

/** Activation function of the head factors A [h][R] of queries, keys and values. */
public enum HeadActivation {
    /** Identity, as in T6. */
    LINEAR {
        @Override
        public void apply(float[] a, int at, int heads, int rank) {}
    },

    /** Sigmoid of each element, 1 / (1 + e^−a), as in the official decode functions named *_sigmoid. */
    SIGMOID {
        @Override
        public void apply(float[] a, int at, int heads, int rank) {
            for (int i = at; i < at + heads * rank; i++) {
                a[i] = (float) (1 / (1 + Math.exp(-a[i])));
            }
        }
    },

    /** Softmax over the ranks of each head; the paper (appendix G) names no axis. */
    SOFTMAX {
        @Override
        public void apply(float[] a, int at, int heads, int rank) {
            for (int head = at; head < at + heads * rank; head += rank) {
                float max = a[head];
                for (int r = 1; r < rank; r++) {
                    max = Math.max(max, a[head + r]);
                }
                double sum = 0;
                for (int r = 0; r < rank; r++) {
                    sum += Math.exp(a[head + r] - max);
                }
                for (int r = 0; r < rank; r++) {
                    a[head + r] = (float) (Math.exp(a[head + r] - max) / sum);
                }
            }
        }
    };

    /** Applies the activation to the {@code heads · rank} elements from {@code at}. */
    public abstract void apply(float[] a, int at, int heads, int rank);
}
