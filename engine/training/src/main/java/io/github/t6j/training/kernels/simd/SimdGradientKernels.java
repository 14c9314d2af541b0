package io.github.t6j.training.kernels.simd;

import static io.github.t6j.kernels.Kernels.LANES;
import static io.github.t6j.kernels.Kernels.PANEL;
import static io.github.t6j.kernels.simd.lanes.Lanes.FLOATS;
import static io.github.t6j.kernels.simd.lanes.Lanes.FLOAT_VECTOR;
import static io.github.t6j.kernels.simd.lanes.Lanes.LENGTH;

import io.github.t6j.kernels.scalar.ScalarKernels;
import io.github.t6j.training.kernels.GradientKernels;
import io.github.t6j.training.kernels.scalar.ScalarGradientKernels;
import io.github.t6j.training.kernels.simd.generated.PowerTiles;
import jdk.incubator.vector.FloatVector;

/** Training operations on the machine's vectors; the scalar twin computes the tails. */
public final class SimdGradientKernels implements GradientKernels {
    /** Step of loops that C2 must not treat as counted (see {@code Gemm}); not final, so that it is unknown to C2. */
    private static int loopStep = 1;

    private final ScalarKernels plain = new ScalarKernels(true);
    private final ScalarGradientKernels scalar = new ScalarGradientKernels(plain);

    @Override
    public void multiplyTransposed(
            float[] x, int xAt, int rows, int inner, float[] w, int wAt, int columns, float[] y, int yAt,
            boolean accumulate) {
        TransposedGemm.rows(x, xAt, rows, inner, w, wAt, columns, y, yAt, accumulate);
    }

    @Override
    public boolean softmaxColumns(float[] s, int rows, float[] max, float[] sum, float[] factor) {
        boolean raised = TrainingSoftmax.raise(s, rows, max, factor);
        if (raised) {
            for (int c = 0; c < PANEL; c++) {
                factor[c] = plain.exp2(factor[c]);
                sum[c] *= factor[c];
            }
        }
        PowerTiles.columns(s, rows, max, sum);
        return raised;
    }

    @Override
    public void softmaxGradients(float[] s, float[] d, int rows, float[] lse, float[] mean, int meanAt) {
        PowerTiles.gradients(s, d, rows, lse, mean, meanAt);
    }

    @Override
    public void factorMeans(float[] f, int aAt, int bAt, int heads, int rank, int size, float[] x, int xAt) {
        int whole = size - size % LENGTH;
        int step = loopStep;
        for (int h = 0; h < heads; h++) {
            for (int i = 0; i < whole; i += LENGTH) {
                FloatVector sum = FloatVector.zero(FLOATS);
                for (int r = 0; r < rank; r += step) {
                    FloatVector b = FloatVector.fromArray(FLOATS, f, bAt + r * size + i);
                    sum = FLOAT_VECTOR.cast(b.fma(
                            FloatVector.broadcast(FLOATS, f[aAt + h * rank + r] / rank), FLOAT_VECTOR.cast(sum)));
                }
                sum.intoArray(x, xAt + h * size + i);
            }
        }
        scalar.factorMeans(f, aAt, bAt, heads, rank, size, whole, x, xAt);
    }

    @Override
    public void factorGradients(
            float[] f, int aAt, int bAt, int heads, int rank, int size, float[] dx, int dxAt, float[] d,
            float[] lanes) {
        int whole = size - size % LANES;
        for (int h = 0; h < heads; h++) {
            for (int r = 0; r < rank; r++) {
                products(dx, dxAt + h * size, f, bAt + r * size, whole, lanes);
                scalar.addProducts(dx, dxAt + h * size, f, bAt + r * size, whole, size, lanes);
                d[aAt + h * rank + r] = ScalarGradientKernels.sum(lanes) / rank;
            }
        }
        featureGradients(f, aAt, bAt, heads, rank, size, dx, dxAt, d);
    }

    /** Sums products in lanes: lanes = Σ x[i] · y[i], i < n; n is a multiple of the number of lanes. */
    private static void products(float[] x, int xAt, float[] y, int yAt, int n, float[] lanes) {
        int step = loopStep * LANES;
        for (int lane = 0; lane < LANES; lane += LENGTH) {
            FloatVector sum = FloatVector.zero(FLOATS);
            for (int i = lane; i < n; i += step) {
                FloatVector v = FloatVector.fromArray(FLOATS, x, xAt + i);
                sum = FLOAT_VECTOR.cast(
                        v.fma(FloatVector.fromArray(FLOATS, y, yAt + i), FLOAT_VECTOR.cast(sum)));
            }
            sum.intoArray(lanes, lane);
        }
    }

    private void featureGradients(
            float[] f, int aAt, int bAt, int heads, int rank, int size, float[] dx, int dxAt, float[] d) {
        int whole = size - size % LENGTH;
        int step = loopStep;
        for (int r = 0; r < rank; r++) {
            for (int i = 0; i < whole; i += LENGTH) {
                FloatVector sum = FloatVector.zero(FLOATS);
                for (int h = 0; h < heads; h += step) {
                    FloatVector v = FloatVector.fromArray(FLOATS, dx, dxAt + h * size + i);
                    sum = FLOAT_VECTOR.cast(v.fma(
                            FloatVector.broadcast(FLOATS, f[aAt + h * rank + r] / rank), FLOAT_VECTOR.cast(sum)));
                }
                sum.intoArray(d, bAt + r * size + i);
            }
        }
        scalar.featureGradients(f, aAt, bAt, heads, rank, size, whole, dx, dxAt, d);
    }

    @Override
    public void swiGluGradient(float[] x, int gateAt, int upAt, int n, float[] da, int daAt) {
        int whole = PowerTiles.swiGluGradient(x, gateAt, upAt, n, da, daAt);
        scalar.swiGluGradient(x, gateAt + whole, upAt + whole, n - whole, da, daAt + whole);
    }

    @Override
    public void softmax(float[] x, int at, int n, float lse, float factor) {
        int whole = PowerTiles.softmax(x, at, n, lse, factor);
        scalar.softmax(x, at + whole, n - whole, lse, factor);
    }
}
