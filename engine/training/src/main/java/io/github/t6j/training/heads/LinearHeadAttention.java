package io.github.t6j.training.heads;

import io.github.t6j.training.products.Rows;
import io.github.t6j.training.products.Sums;
import java.util.Arrays;

/**
 * Attention without softmax, scale and normaliser: y_t = S_tᵀ q_t, S_t = Σ_{s≤t} k_s v_sᵀ, a recurrence in one matrix
 * [keyDim][valueDim]. The backward pass runs a second recurrence from the end, U_t = Σ_{s≥t} q_s dy_sᵀ:
 *
 * <pre>
 *   dq_t = S_t dy_t     dk_t = U_t v_t     dv_t = U_tᵀ k_t
 * </pre>
 */
public final class LinearHeadAttention implements CausalAttention {
    private Rows state = Rows.NONE;

    private void clear(int keyDim, int valueDim) {
        state = state.atLeast(keyDim, valueDim);
        Arrays.fill(state.array(), 0, keyDim * valueDim, 0f);
    }

    @Override
    public void forward(
            Rows q, Rows k, Rows v, int length, int window, int keyDim, int valueDim, Rows y, float[] lse, int lseAt) {
        clear(keyDim, valueDim);
        for (int t = 0; t < length; t++) {
            addOuter(k, v, t, keyDim);
            Arrays.fill(y.array(), y.row(t), y.row(t) + valueDim, 0f);
            addTransposed(q, t, keyDim, y);
        }
    }

    @Override
    public void backward(
            Rows q, Rows k, Rows v, Rows y, Rows dy, float[] lse, int lseAt, int length, int window, int keyDim,
            int valueDim, Rows dq, Rows dk, Rows dv) {
        clear(keyDim, valueDim);
        for (int t = 0; t < length; t++) {
            Arrays.fill(dq.array(), dq.row(t), dq.row(t) + keyDim, 0f);
            addOuter(k, v, t, keyDim);
            add(dy, t, dq, keyDim);
        }
        clear(keyDim, valueDim);
        for (int t = length - 1; t >= 0; t--) {
            addOuter(q, dy, t, keyDim);
            add(v, t, dk, keyDim);
            addTransposed(k, t, keyDim, dv);
        }
    }

    /** S += a_t b_tᵀ. */
    private void addOuter(Rows a, Rows b, int t, int keyDim) {
        for (int i = 0; i < keyDim; i++) {
            addScaled(a.array()[a.row(t) + i], b.array(), b.row(t), state.array(), state.row(i));
        }
    }

    /** to_t += Sᵀ x_t. */
    private void addTransposed(Rows x, int t, int keyDim, Rows to) {
        for (int i = 0; i < keyDim; i++) {
            addScaled(x.array()[x.row(t) + i], state.array(), state.row(i), to.array(), to.row(t));
        }
    }

    private void addScaled(float factor, float[] from, int fromAt, float[] to, int toAt) {
        for (int j = 0; j < state.stride(); j++) {
            to[toAt + j] = Math.fma(factor, from[fromAt + j], to[toAt + j]);
        }
    }

    /** to_t += S x_t. */
    private void add(Rows x, int t, Rows to, int keyDim) {
        for (int i = 0; i < keyDim; i++) {
            to.array()[to.row(t) + i] +=
                    (float) Sums.dot(state.array(), state.row(i), x.array(), x.row(t), state.stride());
        }
    }
}
