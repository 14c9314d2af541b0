package io.github.t6j.kernels.scalar;

import static io.github.t6j.kernels.Exp2.EXP2_MAX;
import static io.github.t6j.kernels.Exp2.EXP2_MIN;
import static io.github.t6j.kernels.Exp2.EXP2_ROUNDING;
import static io.github.t6j.kernels.Exp2.GELU_CUBIC;
import static io.github.t6j.kernels.Exp2.GELU_LINEAR;
import static io.github.t6j.kernels.Exp2.LOG2_E;
import static io.github.t6j.kernels.Exp2.P1;
import static io.github.t6j.kernels.Exp2.P2;
import static io.github.t6j.kernels.Exp2.P3;
import static io.github.t6j.kernels.Exp2.P4;
import static io.github.t6j.kernels.Exp2.P5;
import static io.github.t6j.kernels.Exp2.P6;
import static io.github.t6j.kernels.Exp2.TANH_MAX;

import io.github.t6j.kernels.BlockFormat;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.HeadStep;
import io.github.t6j.kernels.KQuantFormat;
import io.github.t6j.kernels.RoundedRows;
import io.github.t6j.kernels.UnpackedBlocks;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Operations in plain Java: the exact reference of the SIMD kernels, and the fallback where those cannot run. */
public final class ScalarKernels extends ScalarFactorKernels {
    static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** @param fused true if Math.fma is a single instruction here; otherwise it is a thousand times slower */
    public ScalarKernels(boolean fused) {
        super(fused);
    }

    @Override
    public String description() {
        return fused ? "scalar" : "scalar, no FMA";
    }

    @Override
    public void multiply(
            float[] x, int xAt, int xStride, int rows, int inner, Format format, MemorySegment w, long wAt,
            int wStride, int columns, float[] y, int yAt, int yPanel, boolean accumulate) {
        if (!accumulate) {
            for (int r = 0; r < rows; r++) {
                for (int c = 0; c < columns; c++) {
                    y[yAt + c / PANEL * yPanel + r * PANEL + c % PANEL] = 0f;
                }
            }
        }
        float[] row = new float[columns];
        for (int k = 0; k < inner; k++) {
            format.read(w, wAt + format.bytes((long) k * wStride), columns, row);
            for (int r = 0; r < rows; r++) {
                for (int c = 0; c < columns; c += PANEL) {
                    int out = yAt + c / PANEL * yPanel + r * PANEL;
                    addScaled(x[xAt + r * xStride + k], row, c, Math.min(PANEL, columns - c), y, out);
                }
            }
        }
    }

    /** Adds y[i] += a · b[i] for {@code count} elements; a separate method, because it is compiled sooner. */
    private void addScaled(float a, float[] b, int bAt, int count, float[] y, int yAt) {
        for (int i = 0; i < count; i++) {
            y[yAt + i] = fma(a, b[bAt + i], y[yAt + i]);
        }
    }

    @Override
    public void round(float[] x, int xAt, int count, RoundedRows to, int row) {
        for (int from = 0, block = 0; from < count; from += BlockFormat.SIZE, block++) {
            to.round(x, xAt + from, Math.min(BlockFormat.SIZE, count - from), row, block);
        }
    }

    @Override
    public void multiplyBlocks(
            RoundedRows x, BlockFormat format, MemorySegment w, long wAt, float[] units, int unitAt, int panels,
            UnpackedBlocks unpacked, float[] y, int yAt, int yStride) {
        for (int panel = 0; panel < panels; panel++) {
            long from = wAt + (long) panel * x.blocks * format.bytes();
            multiplyPanel(x, format, w, from, units[unitAt + panel], y, yAt + panel * PANEL, yStride);
        }
    }

    private void multiplyPanel(
            RoundedRows x, BlockFormat format, MemorySegment w, long wAt, float unit, float[] y, int yAt, int yStride) {
        for (int r = 0; r < x.rows; r++) {
            Arrays.fill(y, yAt + r * yStride, yAt + r * yStride + PANEL, 0f);
        }
        short[] block = new short[format.bytes() / Short.BYTES];
        int[] quants = new int[PANEL];
        int[] sums = new int[x.rows * PANEL];
        for (int b = 0; b < x.blocks; b++) {
            format.read(w, wAt + (long) b * format.bytes(), block);
            Arrays.fill(sums, 0);
            for (int k = 0; k < BlockFormat.SIZE; k++) {
                format.quants(block, k, quants);
                for (int r = 0; r < x.rows; r++) {
                    addScaled(x.quant(r, b * BlockFormat.SIZE + k), quants, sums, r * PANEL);
                }
            }
            for (int r = 0; r < x.rows; r++) {
                for (int c = 0; c < PANEL; c++) {
                    int out = yAt + r * yStride + c;
                    float scale = format.scale(block, c) * unit * x.scales[r * x.blocks + b];
                    y[out] = fma(sums[r * PANEL + c], scale, y[out]);
                }
            }
        }
    }

    @Override
    public void multiplyKQuants(
            RoundedRows x, KQuantFormat format, MemorySegment w, long wAt, float unit, UnpackedBlocks unpacked,
            float[] y, int yAt, int yStride) {
        for (int r = 0; r < x.rows; r++) {
            Arrays.fill(y, yAt + r * yStride, yAt + r * yStride + PANEL, 0f);
        }
        short[] rows = new short[format.bytes(KQuantFormat.BLOCKS) / Short.BYTES];
        for (int block = 0; block < x.blocks; block += KQuantFormat.BLOCKS) {
            int blocks = Math.min(KQuantFormat.BLOCKS, x.blocks - block);
            int bytes = format.bytes(blocks);
            MemorySegment.copy(w, SHORT, wAt, rows, 0, bytes / Short.BYTES); // single loads are slow until compiled
            wAt += bytes;
            format.unpack(rows, blocks, unit, unpacked);
            for (int r = 0; r < x.rows; r++) {
                multiplyUnpacked(x, r, block, format, unpacked, blocks, y, yAt + r * yStride);
            }
        }
    }

    private void multiplyUnpacked(
            RoundedRows x, int r, int block, KQuantFormat format, UnpackedBlocks w, int blocks, float[] y, int yAt) {
        int[] low = new int[PANEL / 2]; // sums of the outputs in the low halves of ints
        int[] high = new int[PANEL / 2];
        for (int from = 0; from < blocks * BlockFormat.SIZE; from += format.scaled()) {
            Arrays.fill(low, 0);
            Arrays.fill(high, 0);
            int first = block * BlockFormat.SIZE + from;
            for (int k = 0; k < format.scaled(); k += 2) {
                addPairs(x.quant(r, first + k), x.quant(r, first + k + 1), format.zero(), w.pairs,
                        (from + k) / 2 * UnpackedBlocks.ROW, low, high);
            }
            int place = r * x.blocks + first / BlockFormat.SIZE;
            for (int i = 0; i < PANEL / 2; i++) {
                int c = i / 16 * 32 + i % 16;
                addPart(low[i], c, x, place, format, w, from, y, yAt);
                addPart(high[i], c + 16, x, place, format, w, from, y, yAt);
            }
        }
    }

    /** Adds the products of two inputs and the weights of a panel, of the outputs in either half of an int. */
    private static void addPairs(int x0, int x1, int zero, int[] pairs, int at, int[] low, int[] high) {
        for (int i = 0; i < low.length; i++) {
            int pair = pairs[at + i];
            low[i] += x0 * ((pair & 0xFF) - zero) + x1 * ((pair >>> 8 & 0xFF) - zero);
            high[i] += x0 * ((pair >>> 16 & 0xFF) - zero) + x1 * ((pair >>> 24) - zero);
        }
    }

    private void addPart(
            int sum, int c, RoundedRows x, int place, KQuantFormat format, UnpackedBlocks w, int from, float[] y,
            int yAt) {
        int part = from / format.scaled() * PANEL + c;
        y[yAt + c] = fma(sum, w.scales[part] * x.scales[place], y[yAt + c]);
        if (format.hasOffsets()) {
            y[yAt + c] = fma(w.offsets[part], x.totals[place], y[yAt + c]);
        }
    }

    private static void addScaled(int a, int[] b, int[] y, int yAt) {
        for (int i = 0; i < b.length; i++) {
            y[yAt + i] += a * b[i];
        }
    }

    @Override
    public int softmax(
            float[] s, int heads, Format format, MemorySegment page, long aVAt, int valueRank, float[] max,
            float[] sum, float[] p) {
        int largest = Integer.MIN_VALUE;
        for (int h = 0; h < heads; h++) {
            for (int t = 0; t < PANEL; t++) {
                float x = s[h * PANEL + t] - max[h];
                largest = Math.max(largest, Float.floatToRawIntBits(x));
                float e = exp2(x);
                sum[h * LANES + t % LANES] += e;
                if (valueRank == 0) {
                    p[h * PANEL + t] = e;
                }
                for (int u = 0; u < valueRank; u++) {
                    int row = h * valueRank + u;
                    p[row * PANEL + t] = e * format.get(page, aVAt + format.bytes(row * PANEL), t);
                }
            }
        }
        return largest;
    }

    @Override
    public void rowMaxima(float[] s, int rows, float[] into) {
        for (int r = 0; r < rows; r++) {
            float max = s[r * PANEL];
            for (int t = 1; t < PANEL; t++) {
                max = Math.max(max, s[r * PANEL + t]);
            }
            into[r] = max;
        }
    }

    @Override
    public void widen(
            Format format, MemorySegment from, long fromAt, int count, long scalesAt, int scaleStep, MemorySegment to,
            long toAt) {
        for (int i = 0; i < count; i++) {
            float scale = format == Format.Q8 ? from.get(FLOAT, scalesAt + 4L * scaleStep * (i % PANEL)) : 1f;
            to.set(FLOAT, toAt + 4L * i, format.get(from, fromAt, i) * scale);
        }
    }

    @Override
    public void scale(float[] y, int yAt, int rows, int yStride, MemorySegment scales, long scalesAt) {
        for (int r = 0; r < rows; r++) {
            for (int t = 0; t < PANEL; t++) {
                y[yAt + r * yStride + t] *= scales.get(FLOAT, scalesAt + 4L * t);
            }
        }
    }

    @Override
    public void addScaled(
            float[] x, float[] xFactors, float[] y, float[] yFactors, int at, int first, int count, int width) {
        for (int r = first; r < first + count; r++) {
            for (int i = at + r * width; i < at + (r + 1) * width; i++) {
                y[i] = y[i] * yFactors[r] + x[i] * xFactors[r];
            }
        }
    }

    @Override
    public void transpose(
            Format format, MemorySegment from, long fromAt, int fromStride, int rows, int columns, MemorySegment to,
            int toStride) {
        transpose(format, from, fromAt, fromStride, 0, rows, 0, columns, to, toStride);
    }

    /** Transposes some rows and columns, as {@code Kernels.transpose} does. */
    public static void transpose(
            Format format, MemorySegment from, long fromAt, int fromStride, int firstRow, int rows, int firstColumn,
            int columns, MemorySegment to, int toStride) {
        for (int r = firstRow; r < rows; r++) {
            long row = fromAt + format.bytes((long) r * fromStride);
            for (int c = firstColumn; c < columns; c++) {
                to.set(FLOAT, 4L * ((long) c * toStride + r), format.get(from, row, c));
            }
        }
    }

    @Override
    public void addOuter(float[] k, int rows, float[] v, int columns, MemorySegment from, MemorySegment to, long at) {
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                long element = at + ((long) i * columns + j) * Float.BYTES;
                to.set(FLOAT, element, fma(k[i], v[j], from.get(FLOAT, element)));
            }
        }
    }

    @Override
    public void headScores(
            HeadFactors factors, float[] a, float[] q, int qAt, int lines, float[] y,
            int yAt) {
        ScalarHeadFactors.scores(this, factors, a, q, qAt, lines, y, yAt);
    }

    @Override
    public void headValues(
            HeadFactors factors, float[] a, float[] p, int pAt, int lines, int count,
            float[] y, int yAt, int yPanel) {
        ScalarHeadFactors.values(this, factors, a, p, pAt, lines, count, 0, y, yAt, yPanel);
    }

    @Override
    public void advance(HeadStep step, float[] output, int outputAt) {
        ScalarHeadStep.advance(this, step, output, outputAt);
    }

    @Override
    public void rmsNorm(float[] x, int xAt, int n, float epsilon, float[] gain, float[] y, int yAt, float[] lanes) {
        Arrays.fill(lanes, 0f);
        for (int i = 0; i < n; i++) {
            lanes[i % LANES] = fma(x[xAt + i], x[xAt + i], lanes[i % LANES]);
        }
        scaleRow(x, xAt, n, rmsScale(lanes, n, epsilon), gain, y, yAt);
    }

    /** Computes y[i] = x[i] · scale · gain[i], i < n; a null gain is ones. C2 vectorises such loops without help. */
    public static void scaleRow(float[] x, int xAt, int n, float scale, float[] gain, float[] y, int yAt) {
        if (gain == null) {
            for (int i = 0; i < n; i++) {
                y[yAt + i] = x[xAt + i] * scale;
            }
        } else {
            for (int i = 0; i < n; i++) {
                y[yAt + i] = x[xAt + i] * scale * gain[i];
            }
        }
    }

    /** Returns 1 / √(Σ lanes / n + epsilon), with the lanes summed in halves. Overwrites {@code lanes}. */
    public static float rmsScale(float[] lanes, int n, float epsilon) {
        return (float) (1.0 / Math.sqrt(sum(lanes, 0) / n + epsilon));
    }

    /**
     * Returns the sum of the {@value #LANES} floats from {@code at}, in halves, which is a fixed order. Overwrites
     * them.
     */
    public static float sum(float[] lanes, int at) {
        for (int half = LANES / 2; half > 0; half /= 2) {
            for (int i = at; i < at + half; i++) {
                lanes[i] += lanes[i + half];
            }
        }
        return lanes[at];
    }

    @Override
    public void swiGlu(float[] x, int gateAt, int upAt, int n, float[] y, int yAt) {
        for (int i = 0; i < n; i++) {
            float gate = x[gateAt + i];
            float e = exp2(gate * -LOG2_E);
            y[yAt + i] = gate / (1f + e) * x[upAt + i];
        }
    }

    @Override
    public void geGlu(float[] x, int gateAt, int upAt, int n, float[] y, int yAt) {
        for (int i = 0; i < n; i++) {
            float gate = x[gateAt + i];
            float e = exp2(gate * fma(gate * gate, GELU_CUBIC, GELU_LINEAR));
            y[yAt + i] = gate / (1f + e) * x[upAt + i];
        }
    }

    /** Computes tanh as m / (m + 2), where m = e^(2x / cap) − 1 keeps its digits near 0. */
    @Override
    public void softCap(float[] x, int at, int n, float cap) {
        float scale = 2f * LOG2_E / cap;
        for (int i = at; i < at + n; i++) {
            float y = x[i] * scale;
            y = y > TANH_MAX ? TANH_MAX : y;
            y = y < -TANH_MAX ? -TANH_MAX : y;
            float z = y + EXP2_ROUNDING;
            float r = y - (z - EXP2_ROUNDING);
            float e = fma(P6, r, P5);
            e = fma(e, r, P4);
            e = fma(e, r, P3);
            e = fma(e, r, P2);
            e = fma(e, r, P1);
            float power = Float.intBitsToFloat(Float.floatToRawIntBits(z) << 23);
            float m = fma(e * r, power, power - 1f);
            x[i] = m / (m + 2f) * cap;
        }
    }

    @Override
    public double logSumExp(float[] x, int n, float[] lanes) {
        float max = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < n; i++) {
            max = Math.max(max, x[i]);
        }
        double sum = 0;
        for (int from = 0; from < n; from += SUM_BLOCK) {
            sum += addExp(x, from, Math.min(n, from + SUM_BLOCK), max, lanes, true);
        }
        return max + StrictMath.log(sum);
    }

    /**
     * Adds 2^((x[i] − max)·log₂e), from ≤ i < to, to {@code lanes}, cleared first if {@code clear}; returns their sum.
     */
    public float addExp(float[] x, int from, int to, float max, float[] lanes, boolean clear) {
        if (clear) {
            Arrays.fill(lanes, 0f);
        }
        for (int i = from; i < to; i++) {
            lanes[(i - from) % LANES] += exp2((x[i] - max) * LOG2_E);
        }
        return sum(lanes, 0);
    }

    /**
     * Returns the wrapping sum of ints, to benchmark reading memory.
     *
     * @param count number of ints from byte {@code at}, a multiple of 128
     */
    public static int readAll(MemorySegment data, long at, long count) {
        int sum = 0;
        for (long i = 0; i < count; i++) {
            sum += data.get(INT, at + i * Integer.BYTES);
        }
        return sum;
    }

    @Override
    public float exp2(float x) {
        float clamped = x > EXP2_MAX ? EXP2_MAX : x;
        float z = clamped + EXP2_ROUNDING;
        float r = clamped - (z - EXP2_ROUNDING);
        float e = fma(P6, r, P5);
        e = fma(e, r, P4);
        e = fma(e, r, P3);
        e = fma(e, r, P2);
        e = fma(e, r, P1);
        e = fma(e, r, 1f);
        return x < EXP2_MIN ? 0f : e * Float.intBitsToFloat(Float.floatToRawIntBits(z) << 23);
    }
}
