package io.github.t6j.training.layers;

import io.github.t6j.training.layers.HeadAttention.Rows;
import java.util.Arrays;

/**
 * Attention without softmax, scale and normaliser: y_t = S_tᵀ q_t, S_t = Σ_{s≤t} k_s v_sᵀ, a recurrence in one matrix
 * [keyDim][valueDim]. The backward pass runs a second recurrence from the end, U_t = Σ_{s≥t} q_s dy_sᵀ:
 *
 * <pre>
 *   dq_t = S_t dy_t     dk_t = U_t v_t     dv_t = U_tᵀ k_t
 * </pre>
 */
final class LinearHeadAttention implements CausalAttention {
    private float[] state = new float[0];

    private void clear(int elements) {
        state = Resources.atLeast(state, elements, 1);
        Arrays.fill(state, 0, elements, 0f);
    }

    @Override
    public void forward(
            Rows q, Rows k, Rows v, int length, int keyDim, int valueDim, float scale, Rows y, float[] lse, int lseAt) {
        clear(keyDim * valueDim);
        for (int t = 0; t < length; t++) {
            int at = y.at() + t * y.stride();
            addOuter(k, v, t, keyDim, valueDim);
            Arrays.fill(y.array(), at, at + valueDim, 0f);
            addTransposed(q, t, keyDim, y, valueDim);
        }
    }

    @Override
    public void backward(
            Rows q, Rows k, Rows v, Rows y, Rows dy, float[] lse, int lseAt, int length, int keyDim, int valueDim,
            float scale, Rows dq, Rows dk, Rows dv) {
        clear(keyDim * valueDim);
        for (int t = 0; t < length; t++) {
            int at = dq.at() + t * dq.stride();
            addOuter(k, v, t, keyDim, valueDim);
            Arrays.fill(dq.array(), at, at + keyDim, 0f);
            add(dy, t, valueDim, dq, keyDim);
        }
        clear(keyDim * valueDim);
        for (int t = length - 1; t >= 0; t--) {
            addOuter(q, dy, t, keyDim, valueDim);
            add(v, t, valueDim, dk, keyDim);
            addTransposed(k, t, keyDim, dv, valueDim);
        }
    }

    /** S += a_t b_tᵀ. */
    private void addOuter(Rows a, Rows b, int t, int keyDim, int valueDim) {
        int from = b.at() + t * b.stride();
        for (int i = 0; i < keyDim; i++) {
            float factor = a.array()[a.at() + t * a.stride() + i];
            for (int j = 0; j < valueDim; j++) {
                state[i * valueDim + j] = Math.fma(factor, b.array()[from + j], state[i * valueDim + j]);
            }
        }
    }

    /** to_t += Sᵀ x_t. */
    private void addTransposed(Rows x, int t, int keyDim, Rows to, int valueDim) {
        int at = to.at() + t * to.stride();
        for (int i = 0; i < keyDim; i++) {
            float factor = x.array()[x.at() + t * x.stride() + i];
            for (int j = 0; j < valueDim; j++) {
                to.array()[at + j] = Math.fma(factor, state[i * valueDim + j], to.array()[at + j]);
            }
        }
    }

    /** to_t += S x_t. */
    private void add(Rows x, int t, int valueDim, Rows to, int keyDim) {
        for (int i = 0; i < keyDim; i++) {
            to.array()[to.at() + t * to.stride() + i] +=
                    (float) Sums.dot(state, i * valueDim, x.array(), x.at() + t * x.stride(), valueDim);
        }
    }
}
