package io.github.t6j.kernels.scalar;

import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Scalar kernels that combine factors of TPA; the others are in {@link ScalarKernels}. */
abstract sealed class ScalarFactorKernels implements Kernels permits ScalarKernels {
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    final boolean fused;

    ScalarFactorKernels(boolean fused) {
        this.fused = fused;
    }

    /** Returns a · b + c, rounded once if the machine has FMA. */
    public final float fma(float a, float b, float c) {
        return fused ? Math.fma(a, b, c) : a * b + c;
    }

    @Override
    public void factorScores(
            float[] g, int gAt, int heads, int keyRank, Format format, MemorySegment page, long aKAt, float[] s) {
        for (int h = 0; h < heads; h++) {
            for (int t = 0; t < PANEL; t++) {
                float score = 0f;
                for (int k = 0; k < keyRank; k++) {
                    float a = format.get(page, aKAt + format.bytes((h * keyRank + k) * PANEL), t);
                    score = fma(a, g[gAt + (k * heads + h) * PANEL + t], score);
                }
                s[h * PANEL + t] = score;
            }
        }
    }

    @Override
    public void tensorScores(
            float[] aQ, int aQAt, int heads, int queryRank, float[] g, int gAt, int gStep, int keyRank,
            MemorySegment page, long aKAt, float[] s, int sAt, int sStep) {
        for (int h = 0; h < heads; h++) {
            for (int t = 0; t < PANEL; t++) {
                float score = 0f;
                for (int k = 0; k < keyRank; k++) {
                    float sum = 0f;
                    for (int q = 0; q < queryRank; q++) {
                        sum = fma(aQ[aQAt + h * queryRank + q], g[gAt + k * gStep + q * PANEL + t], sum);
                    }
                    score = fma(page.get(FLOAT, aKAt + 4L * ((h * keyRank + k) * PANEL + t)), sum, score);
                }
                s[sAt + h * sStep + t] = score;
            }
        }
    }

    @Override
    public void rebuildColumns(
            float[] a, int aAt, int rank, MemorySegment b, long bAt, int count, MemorySegment to, long toAt) {
        for (int i = 0; i < count * PANEL; i++) {
            float sum = 0f;
            for (int r = 0; r < rank; r++) {
                sum = fma(a[aAt + r * PANEL + i % PANEL], b.get(FLOAT, bAt + 4L * (r * count * PANEL + i)), sum);
            }
            to.set(FLOAT, toAt + 4L * i, sum);
        }
    }

    @Override
    public void rebuildRows(
            float[] a, int aAt, int rank, MemorySegment b, long bAt, int width, MemorySegment to, long toAt,
            int toStride) {
        for (int t = 0; t < PANEL; t++) {
            rebuildRow(a, aAt, rank, b, bAt, width, t, 0, to, toAt + 4L * t * toStride);
        }
    }

    /**
     * Rebuilds row {@code t} of {@link #rebuildRows}, which begins at byte {@code rowAt}, from element {@code first}
     * on.
     */
    public void rebuildRow(
            float[] a, int aAt, int rank, MemorySegment b, long bAt, int width, int t, int first, MemorySegment to,
            long rowAt) {
        for (int i = first; i < width; i++) {
            float sum = 0f;
            for (int r = 0; r < rank; r++) {
                sum = fma(a[aAt + r * PANEL + t], b.get(FLOAT, bAt + 4L * ((r * PANEL + t) * width + i)), sum);
            }
            to.set(FLOAT, rowAt + 4L * i, sum);
        }
    }
}
