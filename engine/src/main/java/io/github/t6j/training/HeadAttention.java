package io.github.t6j.training;

import static io.github.t6j.kernels.Kernels.LANES;
import static io.github.t6j.kernels.Kernels.PANEL;
import static io.github.t6j.kernels.ScalarKernels.LOG2_E;

import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.ScalarKernels;
import io.github.t6j.weights.NativeMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Causal softmax attention of one head of one sequence, forward and backward, in tiles of {@value Kernels#PANEL} queries ×
 * {@value Kernels#PANEL} keys; those above the diagonal are not computed. No probability is kept: they are computed again
 * from lse, as in FlashAttention-2 (Dao 2023, algorithm 2).
 *
 * <pre>
 *   S = scale · q kᵀ     P = exp(S − lse)     y = P v                            forward
 *   dP = dy vᵀ           dS = P ⊙ (dP − δ),   δ_t = dy_t · y_t
 *   dq = scale · dS k    dk = scale · dSᵀ q   dv = Pᵀ dy                         backward
 * </pre>
 *
 * <p>Exponentials are powers of two: what meets the queries is kᵀ · scale · log₂e. The scratch grows to the longest
 * sequence and stays; one object belongs to one thread.
 */
final class HeadAttention implements CausalAttention, AutoCloseable {
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int TILE = PANEL * PANEL;
    private static final int ROW_BYTES = PANEL * Float.BYTES;
    private static final double LN_2 = Math.log(2);

    private final Kernels kernels;
    private final float[] row = new float[PANEL];

    private NativeMemory memory = NativeMemory.shared();
    private int mostRows; // whole tiles, and sizes that the scratch is for
    private int mostKeyDim;
    private int mostValueDim;

    private MemorySegment square; //       [64][64]
    private MemorySegment turned; //       its transpose
    private MemorySegment turnedKeys; //   kᵀ · scale · log₂e: [tiles][keyDim][64]; backward: of one tile
    private MemorySegment turnedValues; // vᵀ of one tile: [valueDim][64]
    private MemorySegment keyPanels; //    k of one tile: [⌈keyDim/64⌉][its rows][64]
    private MemorySegment valuePanels; //  v: [⌈valueDim/64⌉][length][64]

    private float[] scores; //   S, then P, of a tile of queries: [tiles][64][64]; backward: of one pair of tiles
    private float[] maxima; //   of S: [tiles][64]; backward: lse · log₂e of one tile
    private float[] sums; //     of P: [tiles][64][16]
    private float[] dScores; //  dP, then dS, of a pair of tiles: [64][64]
    private float[] deltas; //   δ: [length]
    private float[] panel; //    y of a tile of queries, not yet divided by its sums: [64][64]
    private float[] qPanels; //  q: [⌈keyDim/64⌉][length][64]
    private float[] dqPanels; // likewise
    private float[] dyPanels; // dy: [⌈valueDim/64⌉][length][64]
    private float[] dkPanels; // of one tile: [⌈keyDim/64⌉][64][64]
    private float[] dvPanels; // of one tile: [⌈valueDim/64⌉][64][64]

    /** Rows of a matrix: the first at {@code at}, {@code stride} floats apart. */
    record Rows(float[] array, int at, int stride) {
        int row(int r) {
            return at + r * stride;
        }
    }

    /** Attention by these kernels. */
    HeadAttention(Kernels kernels) {
        this.kernels = kernels;
    }

    private void grow(int length, int keyDim, int valueDim) {
        if (length <= mostRows && keyDim <= mostKeyDim && valueDim <= mostValueDim) {
            return;
        }
        memory.close();
        memory = NativeMemory.shared();
        int rows = mostRows = Math.max(mostRows, Kernels.padded(length));
        int keyWidth = mostKeyDim = Math.max(mostKeyDim, Kernels.padded(keyDim));
        int valueWidth = mostValueDim = Math.max(mostValueDim, Kernels.padded(valueDim));
        square = floats(TILE);
        turned = floats(TILE);
        turnedKeys = floats((long) rows * keyWidth);
        turnedValues = floats((long) PANEL * valueWidth);
        keyPanels = floats((long) PANEL * keyWidth);
        valuePanels = floats((long) rows * valueWidth);
        scores = new float[rows * PANEL];
        maxima = new float[rows];
        sums = new float[rows * LANES];
        dScores = new float[TILE];
        deltas = new float[rows];
        panel = new float[TILE];
        qPanels = new float[rows * keyWidth];
        dqPanels = new float[rows * keyWidth];
        dyPanels = new float[rows * valueWidth];
        dkPanels = new float[PANEL * keyWidth];
        dvPanels = new float[PANEL * valueWidth];
    }

    private MemorySegment floats(long count) {
        return memory.allocate(count * Float.BYTES, 64);
    }

    /**
     * y[t] = Σ_{s≤t} P[t,s] · v[s].
     *
     * @param q [length][keyDim]
     * @param k [length][keyDim]
     * @param v [length][valueDim]
     * @param y [length][valueDim], written
     * @param lse ln Σ_{s≤t} exp(scale · q[t]·k[s]), [length] from {@code lseAt}, written
     */
    @Override
    public void forward(
            Rows q, Rows k, Rows v, int length, int keyDim, int valueDim, float scale, Rows y, float[] lse, int lseAt) {
        grow(length, keyDim, valueDim);
        for (int first = 0; first < length; first += PANEL) {
            turn(k, first, tile(first, length), keyDim, scale * LOG2_E, turnedKeys,
                    (long) first * keyDim * Float.BYTES);
        }
        pack(v, 0, length, valueDim, valuePanels);
        for (int first = 0; first < length; first += PANEL) {
            probabilities(q, first, tile(first, length), keyDim);
            values(first, length, valueDim, y, lse, lseAt);
        }
    }

    /** P of the queries from {@code first} on, not yet divided by its sums. */
    private void probabilities(Rows q, int first, int count, int keyDim) {
        int rows = first + PANEL; // of all their tiles
        for (int key = 0; key <= first; key += PANEL) {
            kernels.multiply(
                    q.array, q.row(first), q.stride, count, keyDim, Format.F32, turnedKeys,
                    (long) key * keyDim * Float.BYTES, PANEL, PANEL, scores, key * PANEL, 0, false);
        }
        hideLater(first * PANEL);
        kernels.rowMaxima(scores, rows, maxima);
        for (int key = PANEL; key < rows; key += PANEL) {
            for (int r = 0; r < PANEL; r++) {
                maxima[r] = Math.max(maxima[r], maxima[key + r]);
            }
        }
        for (int key = PANEL; key < rows; key += PANEL) {
            System.arraycopy(maxima, 0, maxima, key, PANEL);
        }
        Arrays.fill(sums, 0, rows * LANES, 0f);
        kernels.softmax(scores, rows, Format.F32, MemorySegment.NULL, 0, 0, maxima, sums, scores);
        for (int key = PANEL; key < rows; key += PANEL) {
            for (int i = 0; i < PANEL * LANES; i++) {
                sums[i] += sums[key * LANES + i];
            }
        }
    }

    /** On the diagonal, a query does not see the keys after it. */
    private void hideLater(int at) {
        for (int r = 0; r < PANEL; r++) {
            Arrays.fill(scores, at + r * PANEL + r + 1, at + (r + 1) * PANEL, Float.NEGATIVE_INFINITY);
        }
    }

    private void values(int first, int length, int valueDim, Rows y, float[] lse, int lseAt) {
        int count = tile(first, length);
        for (int r = 0; r < count; r++) {
            sums[r] = ScalarKernels.sum(sums, r * LANES);
            lse[lseAt + first + r] = (float) (maxima[r] * LN_2 + StrictMath.log(sums[r]));
        }
        for (int d = 0; d < valueDim; d += PANEL) {
            int width = Math.min(PANEL, valueDim - d);
            for (int key = 0; key <= first; key += PANEL) {
                kernels.multiply(
                        scores, key * PANEL, PANEL, count, tile(key, length), Format.F32, valuePanels,
                        ((long) d / PANEL * length + key) * ROW_BYTES, PANEL, width, panel, 0, 0, key > 0);
            }
            for (int r = 0; r < count; r++) {
                scale(panel, r * PANEL, width, 1 / sums[r], y.array, y.row(first + r) + d);
            }
        }
    }

    /**
     * Writes dq; adds to dk and dv, which several query heads may share. All else is as in {@link #forward}.
     *
     * @param dy [length][valueDim]
     * @param dq [length][keyDim]
     * @param dk [length][keyDim]
     * @param dv [length][valueDim]
     */
    @Override
    public void backward(
            Rows q, Rows k, Rows v, Rows y, Rows dy, float[] lse, int lseAt, int length, int keyDim, int valueDim,
            float scale, Rows dq, Rows dk, Rows dv) {
        grow(length, keyDim, valueDim);
        for (int t = 0; t < length; t++) {
            deltas[t] = dot(dy.array, dy.row(t), y.array, y.row(t), valueDim);
        }
        pack(q, length, keyDim, qPanels);
        pack(dy, length, valueDim, dyPanels);
        for (int key = 0; key < length; key += PANEL) {
            int count = tile(key, length);
            turn(k, key, count, keyDim, scale * LOG2_E, turnedKeys, 0);
            turn(v, key, count, valueDim, 1, turnedValues, 0);
            pack(k, key, count, keyDim, keyPanels);
            for (int first = key; first < length; first += PANEL) {
                scoreGradients(q, dy, first, tile(first, length), keyDim, valueDim, first == key, lse, lseAt);
                addGradients(key, first, length, keyDim, valueDim);
            }
            addRows(dkPanels, count, keyDim, scale, dk, key);
            addRows(dvPanels, count, valueDim, 1, dv, key);
        }
        for (int d = 0; d < keyDim; d += PANEL) {
            for (int t = 0; t < length; t++) {
                scale(
                        dqPanels, d * length + t * PANEL, Math.min(PANEL, keyDim - d), scale, dq.array,
                        dq.row(t) + d);
            }
        }
    }

    /** P and dS of the queries from {@code first} on and the tile of keys. */
    private void scoreGradients(
            Rows q, Rows dy, int first, int count, int keyDim, int valueDim, boolean diagonal, float[] lse, int lseAt) {
        kernels.multiply(
                q.array, q.row(first), q.stride, count, keyDim, Format.F32, turnedKeys, 0, PANEL, PANEL, scores, 0, 0,
                false);
        if (diagonal) {
            hideLater(0);
        }
        scale(lse, lseAt + first, count, LOG2_E, maxima, 0);
        kernels.softmax(scores, count, Format.F32, MemorySegment.NULL, 0, 0, maxima, sums, scores);
        kernels.multiply(
                dy.array, dy.row(first), dy.stride, count, valueDim, Format.F32, turnedValues, 0, PANEL, PANEL, dScores,
                0, 0, false);
        for (int r = 0; r < count; r++) {
            gradients(scores, dScores, r * PANEL, deltas[first + r]);
        }
    }

    /** dP becomes dS. */
    private static void gradients(float[] p, float[] dp, int at, float delta) {
        for (int i = at; i < at + PANEL; i++) {
            dp[i] = p[i] * (dp[i] - delta);
        }
    }

    /** What a pair of tiles adds to dq, dk and dv. */
    private void addGradients(int key, int first, int length, int keyDim, int valueDim) {
        int keys = tile(key, length);
        int queries = tile(first, length);
        for (int d = 0; d < valueDim; d += PANEL) {
            kernels.multiplyTransposed(
                    scores, 0, keys, queries, dyPanels, d * length + first * PANEL, Math.min(PANEL, valueDim - d),
                    dvPanels, d * PANEL, first > key);
        }
        for (int d = 0; d < keyDim; d += PANEL) {
            int width = Math.min(PANEL, keyDim - d);
            kernels.multiplyTransposed(
                    dScores, 0, keys, queries, qPanels, d * length + first * PANEL, width, dkPanels, d * PANEL,
                    first > key);
            kernels.multiply(
                    dScores, 0, PANEL, queries, keys, Format.F32, keyPanels, (long) d * keys * Float.BYTES, PANEL,
                    width,
                    dqPanels, d * length + first * PANEL, 0, key > 0);
        }
    }

    /** Rows of the tile that begins at {@code first}. */
    private static int tile(int first, int length) {
        return Math.min(PANEL, length - first);
    }

    /** Transposes a tile: to[d][t] = factor · from[first + t][d], t < count. */
    private void turn(Rows from, int first, int count, int dim, float factor, MemorySegment to, long toAt) {
        for (int d = 0; d < dim; d += PANEL) {
            int width = Math.min(PANEL, dim - d);
            for (int t = 0; t < count; t++) {
                scale(from.array, from.row(first + t) + d, width, factor, row, 0);
                MemorySegment.copy(row, 0, square, FLOAT, (long) t * ROW_BYTES, width);
            }
            kernels.transpose(square, 0, count, turned, PANEL);
            MemorySegment.copy(turned, 0, to, toAt + (long) d * ROW_BYTES, (long) width * ROW_BYTES);
        }
    }

    /** Rows as panels: [⌈dim/64⌉][count][64]. */
    private static void pack(Rows from, int first, int count, int dim, MemorySegment to) {
        for (int d = 0; d < dim; d += PANEL) {
            for (int t = 0; t < count; t++) {
                MemorySegment.copy(
                        from.array, from.row(first + t) + d, to, FLOAT, ((long) d / PANEL * count + t) * ROW_BYTES,
                        Math.min(PANEL, dim - d));
            }
        }
    }

    private static void pack(Rows from, int count, int dim, float[] to) {
        for (int d = 0; d < dim; d += PANEL) {
            for (int t = 0; t < count; t++) {
                System.arraycopy(from.array, from.row(t) + d, to, d * count + t * PANEL, Math.min(PANEL, dim - d));
            }
        }
    }

    private static void addRows(float[] panels, int count, int dim, float factor, Rows to, int first) {
        for (int d = 0; d < dim; d += PANEL) {
            for (int t = 0; t < count; t++) {
                addScaled(
                        panels, d * PANEL + t * PANEL, Math.min(PANEL, dim - d), factor, to.array,
                        to.row(first + t) + d);
            }
        }
    }

    private static void addScaled(float[] from, int at, int count, float factor, float[] to, int toAt) {
        for (int i = 0; i < count; i++) {
            to[toAt + i] += factor * from[at + i];
        }
    }

    private static void scale(float[] from, int at, int count, float factor, float[] to, int toAt) {
        for (int i = 0; i < count; i++) {
            to[toAt + i] = factor * from[at + i];
        }
    }

    /** Four sums at a time, which do not wait for each other. */
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

    /** Frees its memory. */
    @Override
    public void close() {
        memory.close();
    }
}
