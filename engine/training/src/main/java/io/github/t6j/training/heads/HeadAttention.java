package io.github.t6j.training.heads;

import static io.github.t6j.kernels.Exp2.LOG2_E;
import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.training.kernels.GradientKernels;
import io.github.t6j.training.kernels.choice.GradientChoice;
import io.github.t6j.training.products.Rows;
import io.github.t6j.training.products.Sums;
import io.github.t6j.weights.LittleEndian;
import io.github.t6j.weights.NativeMemory;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Causal softmax attention of one head of one sequence, forward and backward, in tiles of {@value Kernels#PANEL}
 * queries × {@value Kernels#PANEL} keys; tiles above the diagonal, or before the window, are skipped. No probability is kept: the backward
 * pass recomputes them from lse, as in FlashAttention-2 (Dao 2023, algorithm 2).
 *
 * <pre>
 *   S = scale · q kᵀ     P = exp(S − lse)     y = P v     scale = 1/√keyDim       forward
 *   dP = dy vᵀ           dS = P ⊙ (dP − δ),   δ_t = dy_t · y_t
 *   dq = scale · dS k    dk = scale · dSᵀ q   dv = Pᵀ dy                         backward
 * </pre>
 *
 * <p>Exponentials are powers of two, so the transposed factor of S contains log₂e. The scratch grows to the longest
 * sequence seen. Each object is for one thread. Contiguous rows of a head are faster than heads that are interleaved in
 * a row.
 */
public final class HeadAttention implements CausalAttention {
    private static final int TILE = PANEL * PANEL;
    private static final int ROW_BYTES = PANEL * Float.BYTES;
    private static final double LN_2 = Math.log(2);

    /**
     * Score of a key before the window: it has no share of any sum that a visible key is part of, and unlike −∞ it may
     * be the maximum of a tile that a query does not see.
     */
    private static final float HIDDEN = -0x1p100f;

    private final Kernels kernels;
    private final GradientKernels gradients;
    private final float cap; // limit of scores in powers of two, or 0

    private NativeMemory memory = NativeMemory.shared();
    private int maxRows; // capacity of the scratch, in whole tiles of rows and whole panels of elements
    private int maxKeyDim;
    private int maxValueDim;

    private MemorySegment transposedKeys; //   qᵀ, or backward kᵀ, of one tile, · scale · log₂e: [keyDim][64]
    private MemorySegment transposedValues; // vᵀ of one tile, · scale: [valueDim][64]
    private MemorySegment keyPanels; //        k of one tile: [⌈keyDim/64⌉][its rows][64]

    private float[] transposed; // staging for the three above, or yᵀ of a tile: [dim][64]
    private float[] deltas; //     δ · scale: [length]
    private float[] kPanels; //    k, or backward q: [⌈keyDim/64⌉][length][64]
    private float[] dqPanels; //   [⌈keyDim/64⌉][length][64]
    private float[] vPanels; //    v, or backward dy: [⌈valueDim/64⌉][length][64]
    private float[] dkPanels; //   of one tile: [⌈keyDim/64⌉][64][64]
    private float[] dvPanels; //   of one tile: [⌈valueDim/64⌉][64][64]

    private final float[] scores = new float[TILE]; //   Sᵀ, then Pᵀ, of a pair of tiles; backward: S, then P: [64][64]
    private final float[] slopes; //                     dS by the scores before their limit, or null: [64][64]
    private final float[] dScores = new float[TILE]; //  dP, then dS, · scale, of a pair of tiles: [64][64]
    private final float[] maxima = new float[PANEL]; //  maximum of a query's S so far, or its lse · log₂e: [64]
    private final float[] sums = new float[PANEL]; //    sum of a query's P so far: [64]
    private final float[] factors = new float[PANEL]; // factor that rescales a query's y so far: [64]

    /** Creates attention that computes with {@code kernels}, without a limit of scores. */
    public HeadAttention(Kernels kernels) {
        this(kernels, 0);
    }

    /**
     * Creates attention that computes with {@code kernels}.
     *
     * @param cap c of scores c · tanh(score / c), or 0 without a limit
     */
    public HeadAttention(Kernels kernels, float cap) {
        this.kernels = kernels;
        this.cap = cap * LOG2_E;
        slopes = cap > 0 ? new float[TILE] : null;
        gradients = GradientChoice.matching(kernels);
    }

    private void grow(int length, int keyDim, int valueDim) {
        if (length <= maxRows && keyDim <= maxKeyDim && valueDim <= maxValueDim) {
            return;
        }
        memory.close();
        memory = NativeMemory.shared();
        int rows = Math.max(maxRows, Kernels.padded(length));
        int keyWidth = Math.max(maxKeyDim, Kernels.padded(keyDim));
        int valueWidth = Math.max(maxValueDim, Kernels.padded(valueDim));
        maxRows = 0; // until every allocation has succeeded
        transposedKeys = floats(PANEL * keyWidth);
        transposedValues = floats(PANEL * valueWidth);
        keyPanels = floats(PANEL * keyWidth);
        transposed = new float[PANEL * Math.max(keyWidth, valueWidth)];
        deltas = new float[rows];
        kPanels = new float[rows * keyWidth];
        dqPanels = new float[rows * keyWidth];
        vPanels = new float[rows * valueWidth];
        dkPanels = new float[PANEL * keyWidth];
        dvPanels = new float[PANEL * valueWidth];
        maxRows = rows;
        maxKeyDim = keyWidth;
        maxValueDim = valueWidth;
    }

    private static float scale(int keyDim) {
        return (float) (1 / Math.sqrt(keyDim));
    }

    private MemorySegment floats(long count) {
        return memory.allocate(count * Float.BYTES, 64);
    }

    @Override
    public void forward(
            Rows q, Rows k, Rows v, int length, int window, int keyDim, int valueDim, Rows y, float[] lse, int lseAt) {
        grow(length, keyDim, valueDim);
        float scale = scale(keyDim);
        pack(k, length, keyDim, kPanels);
        pack(v, length, valueDim, vPanels);
        for (int first = 0; first < length; first += PANEL) {
            int count = tile(first, length);
            transpose(q, first, count, keyDim, scale * LOG2_E, transposedKeys);
            Arrays.fill(maxima, Float.NEGATIVE_INFINITY);
            Arrays.fill(sums, 0f);
            int begin = begin(first, window);
            for (int key = begin; key <= first; key += PANEL) {
                addValues(key, first, key == begin, length, window, keyDim, valueDim);
            }
            for (int c = 0; c < count; c++) {
                column(transposed, c, valueDim, 1 / sums[c], y.array(), y.row(first + c));
                lse[lseAt + first + c] = (float) (maxima[c] * LN_2 + Math.log(sums[c]));
            }
        }
    }

    /**
     * Adds the tile of keys from {@code firstKey} on: yᵀ += vᵀ Pᵀ. Columns are queries, so sums run down the columns and
     * need no sum across lanes.
     */
    private void addValues(
            int firstKey, int first, boolean begins, int length, int window, int keyDim, int valueDim) {
        int keys = tile(firstKey, length);
        multiply(kPanels, firstKey, keys, length, keyDim, transposedKeys, scores);
        if (cap > 0) {
            kernels.softCap(scores, 0, keys * PANEL, cap);
        }
        for (int r = 0; r < keys; r++) { // a query sees neither the keys after it nor those before its window
            int key = firstKey + r;
            Arrays.fill(scores, r * PANEL, r * PANEL + within(key - first), Float.NEGATIVE_INFINITY);
            Arrays.fill(scores, r * PANEL + within((long) key + window - first), (r + 1) * PANEL, HIDDEN);
        }
        if (gradients.softmaxColumns(scores, keys, maxima, sums, factors) && !begins) {
            for (int i = 0; i < valueDim * PANEL; i++) {
                transposed[i] *= factors[i % PANEL];
            }
        }
        for (int d = 0; d < valueDim; d += PANEL) {
            gradients.multiplyTransposed(
                    vPanels, d * length + firstKey * PANEL, Math.min(PANEL, valueDim - d), keys, scores, 0, PANEL,
                    transposed,
                    d * PANEL, !begins);
        }
    }

    private static void column(float[] from, int c, int rows, float factor, float[] to, int toAt) {
        for (int r = 0; r < rows; r++) {
            to[toAt + r] = factor * from[r * PANEL + c];
        }
    }

    @Override
    public void backward(
            Rows q, Rows k, Rows v, Rows y, Rows dy, float[] lse, int lseAt, int length, int window, int keyDim,
            int valueDim, Rows dq, Rows dk, Rows dv) {
        grow(length, keyDim, valueDim);
        float scale = scale(keyDim);
        for (int t = 0; t < length; t++) {
            deltas[t] = scale * dot(dy.array(), dy.row(t), y.array(), y.row(t), valueDim);
        }
        pack(q, length, keyDim, kPanels);
        pack(dy, length, valueDim, vPanels);
        for (int key = 0; key < length; key += PANEL) {
            int count = tile(key, length);
            transpose(k, key, count, keyDim, scale * LOG2_E, transposedKeys);
            transpose(v, key, count, valueDim, scale, transposedValues);
            pack(k, key, count, keyDim, keyPanels);
            long end = Math.min(length, (long) key + count - 1 + window); // the last key's last query
            for (int first = key; first < end; first += PANEL) {
                scoreGradients(key, first, length, window, keyDim, valueDim, lse, lseAt);
                addGradients(key, first, length, window, keyDim, valueDim);
            }
            addRows(dkPanels, count, keyDim, dk, key);
            addRows(dvPanels, count, valueDim, dv, key);
        }
        for (int d = 0; d < keyDim; d += PANEL) {
            for (int t = 0; t < length; t++) {
                System.arraycopy(
                        dqPanels, d * length + t * PANEL, dq.array(), dq.row(t) + d, Math.min(PANEL, keyDim - d));
            }
        }
    }

    /** Computes P and scale · dS of the tile of queries from {@code first} on and the tile of keys. */
    private void scoreGradients(
            int key, int first, int length, int window, int keyDim, int valueDim, float[] lse, int lseAt) {
        int count = tile(first, length);
        multiply(kPanels, first, count, length, keyDim, transposedKeys, scores);
        if (cap > 0) {
            kernels.softCap(scores, 0, count * PANEL, cap);
            for (int i = 0; i < count * PANEL; i++) {
                float ratio = scores[i] / cap;
                slopes[i] = 1 - ratio * ratio;
            }
        }
        for (int r = 0; r < count; r++) {
            int query = first + r;
            int at = r * PANEL;
            Arrays.fill(scores, at, at + within((long) query - window + 1 - key), Float.NEGATIVE_INFINITY);
            Arrays.fill(scores, at + within(query + 1 - key), at + PANEL, Float.NEGATIVE_INFINITY);
            maxima[r] = lse[lseAt + first + r] * LOG2_E;
        }
        multiply(vPanels, first, count, length, valueDim, transposedValues, dScores);
        gradients.softmaxGradients(scores, dScores, count, maxima, deltas, first);
        for (int i = 0; cap > 0 && i < count * PANEL; i++) {
            dScores[i] *= slopes[i];
        }
    }

    /** Adds the contribution of a pair of tiles to dq, dk and dv. */
    private void addGradients(int key, int first, int length, int window, int keyDim, int valueDim) {
        int keys = tile(key, length);
        int queries = tile(first, length);
        for (int d = 0; d < valueDim; d += PANEL) {
            gradients.multiplyTransposed(
                    scores, 0, keys, queries, vPanels, d * length + first * PANEL, Math.min(PANEL, valueDim - d),
                    dvPanels, d * PANEL, first > key);
        }
        for (int d = 0; d < keyDim; d += PANEL) {
            int width = Math.min(PANEL, keyDim - d);
            gradients.multiplyTransposed(
                    dScores, 0, keys, queries, kPanels, d * length + first * PANEL, width, dkPanels, d * PANEL,
                    first > key);
            kernels.multiply(
                    dScores, 0, PANEL, queries, keys, Format.F32, keyPanels, (long) d * keys * Float.BYTES, PANEL,
                    width,
                    dqPanels, d * length + first * PANEL, 0, key > begin(first, window));
        }
    }

    /** Multiplies rows of panels with a matrix: y[r] = Σ_d x[first + r][d] · w[d], r < count. */
    private void multiply(float[] x, int first, int count, int length, int dim, MemorySegment w, float[] y) {
        for (int d = 0; d < dim; d += PANEL) {
            kernels.multiply(
                    x, d * length + first * PANEL, PANEL, count, Math.min(PANEL, dim - d), Format.F32, w,
                    (long) d * ROW_BYTES, PANEL, PANEL, y, 0, 0, d > 0);
        }
    }

    /** Returns the first tile of keys that the tile of queries from {@code first} on sees. */
    private static int begin(int first, int window) {
        return Math.max(0, first - window + 1) / PANEL * PANEL;
    }

    /** Returns a distance from the beginning of a tile that ends with the tile. */
    private static int within(long distance) {
        return Math.clamp(distance, 0, PANEL);
    }

    /** Returns the number of rows of the tile that begins at {@code first}. */
    private static int tile(int first, int length) {
        return Math.min(PANEL, length - first);
    }

    /** Transposes a tile: to[d][t] = factor · from[first + t][d], t < count. */
    private void transpose(Rows from, int first, int count, int dim, float factor, MemorySegment to) {
        for (int t = 0; t < count; t++) {
            transposeRow(from.array(), from.row(first + t), dim, factor, transposed, t);
        }
        MemorySegment.copy(transposed, 0, to, LittleEndian.FLOAT, 0, dim * PANEL);
    }

    private static void transposeRow(float[] from, int at, int dim, float factor, float[] to, int toAt) {
        for (int d = 0; d < dim; d++) {
            to[toAt + d * PANEL] = factor * from[at + d];
        }
    }

    /** Packs rows into panels [⌈dim/64⌉][count][64]. */
    private static void pack(Rows from, int first, int count, int dim, MemorySegment to) {
        for (int d = 0; d < dim; d += PANEL) {
            for (int t = 0; t < count; t++) {
                MemorySegment.copy(
                        from.array(), from.row(first + t) + d, to, LittleEndian.FLOAT,
                        ((long) d / PANEL * count + t) * ROW_BYTES,
                        Math.min(PANEL, dim - d));
            }
        }
    }

    private static void pack(Rows from, int count, int dim, float[] to) {
        for (int d = 0; d < dim; d += PANEL) {
            for (int t = 0; t < count; t++) {
                System.arraycopy(from.array(), from.row(t) + d, to, d * count + t * PANEL, Math.min(PANEL, dim - d));
            }
        }
    }

    private static void addRows(float[] panels, int count, int dim, Rows to, int first) {
        for (int d = 0; d < dim; d += PANEL) {
            for (int t = 0; t < count; t++) {
                Sums.add(panels, (d + t) * PANEL, to.array(), to.row(first + t) + d, Math.min(PANEL, dim - d));
            }
        }
    }

    /** Returns the dot product, computed as four independent sums. */
    private static float dot(float[] a, int aAt, float[] b, int bAt, int n) {
        float s0 = 0, s1 = 0, s2 = 0, s3 = 0;
        int i = 0;
        for (; i + 3 < n; i += 4) {
            s0 += a[aAt + i] * b[bAt + i];
            s1 += a[aAt + i + 1] * b[bAt + i + 1];
            s2 += a[aAt + i + 2] * b[bAt + i + 2];
            s3 += a[aAt + i + 3] * b[bAt + i + 3];
        }
        for (; i < n; i++) {
            s0 += a[aAt + i] * b[bAt + i];
        }
        return s0 + s1 + (s2 + s3);
    }

    /** Frees the native memory. */
    @Override
    public void close() {
        memory.close();
    }
}
