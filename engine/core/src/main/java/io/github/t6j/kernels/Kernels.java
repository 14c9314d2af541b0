package io.github.t6j.kernels;

import io.github.t6j.ComputeKernels;
import java.lang.foreign.MemorySegment;

/**
 * Operations in which a transformer spends its time.
 *
 * <p>One implementation is {@code ScalarKernels}, the slow twin and exact reference; the other is in {@code
 * kernels.simd}. Both give the same bits: every output is one chain of fused multiply-adds in the order given with its
 * operation, and a sum over lanes runs over {@value #LANES} logical lanes, whatever the width of the machine's vectors.
 * (On a machine without FMA the twin multiplies and adds separately, and only the tolerances hold.)
 *
 * <p>Operands are arrays or segments with offsets: a call that C2 does not inline would have to allocate objects.
 * Offsets and strides of arrays are in floats, offsets of segments in bytes. A <em>panel</em> is a block of {@value
 * #PANEL} outputs or tokens, [k][{@value #PANEL}]; rows of activations are padded so that a whole panel can be written.
 */
public interface Kernels extends ComputeKernels {
    /** Width of a panel: outputs of a weight matrix, tokens of a cache page. */
    int PANEL = 64;

    /**
     * Number of logical lanes of a sum over lanes, and the multiple to which rows are padded: floats of the widest
     * vectors.
     */
    int LANES = 16;

    /** Number of elements that {@link #logSumExp} sums in floats before the sum becomes a double. */
    int SUM_BLOCK = 1024;

    /** Returns {@code n} rounded up to whole panels, the length of a row that products are written to. */
    static int padded(int n) {
        return (n + PANEL - 1) / PANEL * PANEL;
    }

    /** Returns the offset of column {@code c} of the first of {@code rows} rows in panels [⌈columns/64⌉][rows][64]. */
    static int panelAt(int c, int rows) {
        return c / PANEL * rows * PANEL + c % PANEL;
    }

    /** Returns a description of these kernels, such as {@code SIMD, 512-bit}. */
    String description();

    /**
     * Multiplies matrices: y[r][c] = (accumulate ? y[r][c] : 0) + Σ_k x[r][k] · w[k][c], k ascending.
     *
     * @param x [rows][inner], from {@code xAt}, rows {@code xStride} apart
     * @param w [inner][columns] in {@code format}, from byte {@code wAt}, rows {@code wStride} elements (whole groups
     *     of the format) apart; must be readable to the next multiple of {@value #PANEL} columns after the last row
     * @param y panels of {@value #PANEL} columns, [⌈columns/{@value #PANEL}⌉][rows][{@value #PANEL}], from {@code yAt},
     *     panels {@code yPanel} floats apart; all of a panel's columns may be overwritten
     */
    void multiply(
            float[] x, int xAt, int xStride, int rows, int inner, Format format, MemorySegment w, long wAt,
            int wStride, int columns, float[] y, int yAt, int yPanel, boolean accumulate);

    /** Returns an empty object for rows that {@link #multiply} multiplies with the weights of packed matrices. */
    default DenseRows denseRows() {
        return new DenseRows();
    }

    /** Returns an empty object for rows that {@link #round} rounds. */
    default RoundedRows roundedRows() {
        return new RoundedRows();
    }

    /**
     * Rounds a row for {@link #multiplyBlocks}: each block of {@value BlockFormat#SIZE} elements to integer multiples
     * of 1/127 of its largest magnitude, halves to even.
     *
     * @param x [count], from {@code xAt}; an incomplete block is padded with zeros
     * @param to target with room for row {@code row}
     */
    void round(float[] x, int xAt, int count, RoundedRows to, int row);

    /**
     * Multiplies consecutive panels of quantised weights by rows: y[r][c] = Σ_b (Σ_k x[r][b][k] · w[b][k][c]) ·
     * (wScale[b][c] · xScale[r][b]), b ascending: an exact sum of integers, a rounded product of scales, and a chain of
     * fused multiply-adds.
     *
     * @param w blocks of the panels in {@code format}, from byte {@code wAt}
     * @param units powers of two by which the scales in the blocks are multiplied, see {@link HalfScales}, the first
     *     panel's at {@code unitAt}
     * @param unpacked scratch
     * @param y [x.rows][panels][{@value #PANEL}], from {@code yAt}, rows {@code yStride} apart
     */
    void multiplyBlocks(
            RoundedRows x, BlockFormat format, MemorySegment w, long wAt, float[] units, int unitAt, int panels,
            UnpackedBlocks unpacked, float[] y, int yAt, int yStride);

    /**
     * Multiplies a panel of K-quants by rows. For each part of the inputs with one scale, in ascending order, y[r][c]
     * += (Σ_k x[r][k] · (q[k][c] − zero)) · (scale[c] · xScale[r]), then y[r][c] += offset[c] · xTotal[r] if the format
     * has offsets: an exact sum of integers, a rounded product of scales, and a chain of fused multiply-adds from 0.
     *
     * @param x rows with the sums that belong to {@code format}
     * @param w the panel in {@code format}, from byte {@code wAt}
     * @param unit power of two by which the f16 scales and mins in the panel are multiplied, see {@link HalfScales}
     * @param unpacked scratch
     * @param y [x.rows][{@value #PANEL}], from {@code yAt}, rows {@code yStride} apart
     */
    void multiplyKQuants(
            RoundedRows x, KQuantFormat format, MemorySegment w, long wAt, float unit, UnpackedBlocks unpacked,
            float[] y, int yAt, int yStride);

    /**
     * Computes the scores of one page: s[h][t] = Σ_k aK[h][k][t] · g[k][h][t], k ascending.
     *
     * @param g products of the queries and B_K, [keyRank][heads][{@value #PANEL}], from {@code gAt}
     * @param page aK [heads][keyRank][{@value #PANEL}] in {@code format} from byte {@code aKAt}
     * @param s [heads][{@value #PANEL}], written
     */
    void factorScores(float[] g, int gAt, int heads, int keyRank, Format format, MemorySegment page, long aKAt,
            float[] s);

    /**
     * Computes the scores of one row and a page from the factors of both: s[h][t] = Σ_k aK[h][k][t] · (Σ_q aQ[h][q] ·
     * g[k][q][t]), q and k ascending.
     *
     * @param aQ [heads][queryRank], from {@code aQAt}
     * @param g products of B_Q and B_K, [queryRank][{@value #PANEL}] for each k, from {@code gAt}, {@code gStep} apart
     * @param page aK [heads][keyRank][{@value #PANEL}], f32, from byte {@code aKAt}
     * @param s [heads][{@value #PANEL}], from {@code sAt}, heads {@code sStep} apart, written
     */
    void tensorScores(
            float[] aQ, int aQAt, int heads, int queryRank, float[] g, int gAt, int gStep, int keyRank,
            MemorySegment page, long aKAt, float[] s, int sAt, int sStep);

    /**
     * Rebuilds columns of a page from factors: to[c][t] = Σ_r a[r][t] · b[r][c][t], r ascending.
     *
     * @param a [rank][{@value #PANEL}], from {@code aAt}
     * @param b f32 [rank][count][{@value #PANEL}] from byte {@code bAt}
     * @param to f32 [count][{@value #PANEL}] from byte {@code toAt}
     */
    void rebuildColumns(float[] a, int aAt, int rank, MemorySegment b, long bAt, int count, MemorySegment to,
            long toAt);

    /**
     * Rebuilds rows of a page from factors: to[t][i] = Σ_r a[r][t] · b[r][t][i], r ascending.
     *
     * @param a [rank][{@value #PANEL}], from {@code aAt}
     * @param b f32 [rank][{@value #PANEL}][width] from byte {@code bAt}
     * @param to f32 [{@value #PANEL}][width] from byte {@code toAt}, rows {@code toStride} floats apart
     */
    void rebuildRows(
            float[] a, int aAt, int rank, MemorySegment b, long bAt, int width, MemorySegment to, long toAt,
            int toStride);

    /**
     * Layout of an array {@code a} from which kernels rebuild the keys and values of a head in a page: sums of features
     * of the tokens and, with a shift, of the tokens before them, times coefficients.
     *
     * <pre>
     *   k[d][t] = Σ_r a[r][t] · keys[r][d][t],   with a shift r goes on with the keys before
     *   v[t][d] = Σ_r a[r][t] · values[r][t + 1][d] + Σ_r a[rank + r][t] · values[r][t][d]
     *
     *   coefficients [terms][64] | two rows [2][64] for the caller | keys [terms][dim][64] | values [rank][65][dim],
     *   from the token before the page on | the head that a kernel rebuilds [dim · 64]
     * </pre>
     *
     * @param rank features of a key and of a value
     * @param terms 2 · rank, or rank without a shift
     */
    record HeadFactors(int rank, int terms, int dim) {
        public int keys() {
            return (terms + 2) * PANEL;
        }

        public int values() {
            return keys() + terms * dim * PANEL;
        }

        /** Returns where the value of a page's first token in a term begins. */
        public int values(int term) {
            return values() + (term < rank ? term * (PANEL + 1) + 1 : (term - rank) * (PANEL + 1)) * dim;
        }

        public int head() {
            return values() + rank * (PANEL + 1) * dim;
        }

        public int floats() {
            return head() + dim * PANEL;
        }
    }

    /**
     * Computes the scores of queries and the keys of a head, y[l][t] = Σ_d q[l][d] · k[d][t], d ascending.
     *
     * @param a array that {@link HeadFactors} describes
     * @param q [lines][dim], from {@code qAt}
     * @param y [lines][{@value #PANEL}], from {@code yAt}
     */
    void headScores(
            HeadFactors factors, float[] a, float[] q, int qAt, int lines, float[] y,
            int yAt);

    /**
     * Adds the values of a head times their probabilities, y[l][d] += Σ_t p[l][t] · v[t][d], t ascending to {@code count}.
     *
     * @param a array that {@link HeadFactors} describes
     * @param p [lines][{@value #PANEL}], from {@code pAt}
     * @param y as in {@link #multiply}
     */
    void headValues(
            HeadFactors factors, float[] a, float[] p, int pAt, int lines, int count,
            float[] y, int yAt, int yPanel);

    /**
     * Computes the probabilities of one page, not yet divided by their sum, times the head factors of the values: e =
     * 2^(s[h][t] − max[h]); sum[h][t mod {@value #LANES}] += e, t ascending; p[h][u][t] = e · aV[h][u][t].
     *
     * @param s [heads][{@value #PANEL}]; −∞ gives 0
     * @param page aV [heads][valueRank][{@value #PANEL}] in {@code format} from byte {@code aVAt}
     * @param valueRank rank of the head factors; 0 if there are none, and p[h][t] = e
     * @param max [heads]
     * @param sum [heads][{@value #LANES}], added to
     * @param p [heads][valueRank][{@value #PANEL}], written
     * @return the bits of the largest s[h][t] − max[h] as a float; if they exceed {@link Exp2#LAZY_MAX}'s, sum and p
     *     may have overflowed, and the caller must repeat the page with a larger max. A NaN shows in sum and p.
     */
    int softmax(
            float[] s, int heads, Format format, MemorySegment page, long aVAt, int valueRank, float[] max,
            float[] sum, float[] p);

    /**
     * Finds the largest value of each row: into[r] = max_t s[r][t], s [rows][{@value #PANEL}]; NaN if the row has one.
     */
    void rowMaxima(float[] s, int rows, float[] into);

    /**
     * Widens the elements of a row to f32: to[i] = from[i], for Q8 times scale[scaleStep · (i mod {@value #PANEL})].
     *
     * @param from elements in {@code format} from byte {@code fromAt}
     * @param count number of elements, whole groups of the format
     * @param scalesAt byte of {@code from} at which the f32 scales begin; Q8 only
     * @param scaleStep 1 if each element has its own scale, 0 if all share one
     * @param to f32 from byte {@code toAt}
     */
    void widen(
            Format format, MemorySegment from, long fromAt, int count, long scalesAt, int scaleStep, MemorySegment to,
            long toAt);

    /**
     * Multiplies panels by the scales of the tokens: y[r][t] *= scale[t], t < {@value #PANEL}.
     *
     * @param y [rows][{@value #PANEL}], from {@code yAt}, rows {@code yStride} apart
     * @param scales f32 [{@value #PANEL}] from byte {@code scalesAt}
     */
    void scale(float[] y, int yAt, int rows, int yStride, MemorySegment scales, long scalesAt);

    /**
     * Adds sums with a factor per row: y[r][i] = y[r][i] · yFactors[r] + x[r][i] · xFactors[r], for
     * {@code count} rows from {@code first}.
     *
     * @param x [rows][width], from {@code at}; width a multiple of {@value #LANES}
     * @param y [rows][width], from {@code at}
     */
    void addScaled(float[] x, float[] xFactors, float[] y, float[] yFactors, int at, int first, int count, int width);

    /**
     * Transposes a matrix: to[c][r] = from[r][c].
     *
     * @param format format of {@code from}, F32 or BF16
     * @param from [rows][columns] from byte {@code fromAt}, rows {@code fromStride} elements apart
     * @param to f32 [columns][rows], rows {@code toStride} floats apart
     */
    void transpose(
            Format format, MemorySegment from, long fromAt, int fromStride, int rows, int columns, MemorySegment to,
            int toStride);

    /**
     * Adds the outer product of two vectors: to[i][j] = from[i][j] + k[i] · v[j].
     *
     * @param k [rows]
     * @param v [columns]
     * @param from f32 [rows][columns] from byte {@code at}
     * @param to f32 [rows][columns] from byte {@code at}; may be {@code from}
     */
    void addOuter(float[] k, int rows, float[] v, int columns, MemorySegment from, MemorySegment to, long at);

    /**
     * Computes one token of a head of a Mamba-3 mixer. The state lags by two tokens, so that a pass that is cancelled
     * has written only what earlier tokens determine:
     *
     * <ol>
     * <li>phases[f] += rates[f] · turns, reduced to [−½, ½]; their cosines and sines have an error of at most 5e-7
     * <li>keys and queries: a row's element plus its bias, and the pairs (f, N/2 + f) rotated by the phases
     * <li>values[r][p] = value[p] · factor[r][p]
     * <li>state[n][p] = pendingDecay · state[n][p] + Σ_r pendingKeys[r][n] · pendingValues[r][p]
     * <li>y[r][p] = decay · Σ_n queries[r][n] · state[n][p], n ascending
     * <li>y[r][p] += lastCoefficient · (lastKeys[i] · queries[r]) · lastValues[i][p], i ascending
     * <li>y[r][p] += (coefficient · (keys[i] · queries[r]) + (i = r ? skip : 0)) · values[i][p], i ascending
     * <li>output[p] = Σ_r silu(gate[p] · factor[r][p]) · y[r][p] · factor[r][p]
     * </ol>
     *
     * <p>Products of keys and queries are sums over {@value #LANES} lanes.
     *
     * @param output [headDim], from {@code outputAt}
     */
    void advance(HeadStep step, float[] output, int outputAt);

    /**
     * Computes the root mean square norm: y[i] = x[i] / √(Σx²/n + epsilon) · gain[i]; the sum runs over {@value
     * #LANES} lanes.
     *
     * @param gain [n], or null for ones
     * @param lanes [{@value #LANES}] of scratch
     */
    void rmsNorm(float[] x, int xAt, int n, float epsilon, float[] gain, float[] y, int yAt, float[] lanes);

    /** Computes SwiGLU: y[i] = gate[i] / (1 + e^−gate[i]) · up[i], i < n. */
    void swiGlu(float[] x, int gateAt, int upAt, int n, float[] y, int yAt);

    /**
     * Computes GeGLU with the tanh form of GELU: y[i] = gate[i] / (1 + e^−2u) · up[i], u = √(2/π)·(gate[i] +
     * 0.044715·gate[i]³), i < n. The relative error is at most 4e-7 + 1.2e-7·|2u|.
     */
    void geGlu(float[] x, int gateAt, int upAt, int n, float[] y, int yAt);

    /**
     * Limits values softly: x[i] = cap · tanh(x[i] / cap), i < n, from {@code at}, with a relative error of at most
     * 6e-7; ±∞ gives ±cap.
     */
    void softCap(float[] x, int at, int n, float cap);

    /**
     * Returns ln Σ e^x[i], i < n, as m + ln Σ 2^((x[i] − m)·log₂e), where m is the largest x[i]. Blocks of {@value
     * #SUM_BLOCK} elements are summed in floats over {@value #LANES} lanes, the blocks in double. Returns NaN if an
     * element is NaN or all are −∞.
     *
     * @param lanes [{@value #LANES}] of scratch
     */
    double logSumExp(float[] x, int n, float[] lanes);

    /** Returns the natural logarithm of the softmax probability of {@code id}: x[id] − ln Σ e^x[i]. */
    default float logProbability(float[] x, int id) {
        return (float) (x[id] - logSumExp(x, x.length, new float[LANES]));
    }

    /**
     * Returns 2^x for x ≤ 126, above that 2^126; 1 for 0, 0 below −126, NaN for NaN; the same bits as in {@link
     * #softmax}.
     */
    float exp2(float x);
}
