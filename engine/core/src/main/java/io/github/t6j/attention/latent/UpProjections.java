package io.github.t6j.attention.latent;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.cache.Page;
import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Up-projections of all key heads of {@link LatentAttention}, W_UK or W_UVᵀ, [inputs][outputs] each, in f32. A matrix
 * is stored in panels of 64 outputs, the last padded with zeros, so that a single row reads it as one stream (ADR 10).
 *
 * <pre>
 *   [key heads][⌈outputs/64⌉][inputs][64]
 * </pre>
 */
final class UpProjections {
    private final int inputs;
    private final int outputs;
    private final MemorySegment data;

    /** Allocates matrices of zeros in {@code arena}. */
    UpProjections(int keyHeads, int inputs, int outputs, Arena arena) {
        this.inputs = inputs;
        this.outputs = outputs;
        data = arena.allocate((long) keyHeads * inputs * Kernels.padded(outputs) * Float.BYTES, 64);
    }

    long bytes() {
        return data.byteSize();
    }

    private long panelAt(int keyHead, int panel) {
        return ((long) keyHead * Kernels.padded(outputs) + (long) panel * PANEL) * inputs * Float.BYTES;
    }

    private long at(int keyHead, int input, int output) {
        return panelAt(keyHead, output / PANEL) + ((long) input * PANEL + output % PANEL) * Float.BYTES;
    }

    /** Returns an element of a key head's matrix. */
    float get(int keyHead, int input, int output) {
        return data.get(Page.FLOAT, at(keyHead, input, output));
    }

    /** Sets a key head's matrix to {@code matrix}, [inputs][outputs] from {@code from}. */
    void set(int keyHead, float[] matrix, int from) {
        for (int i = 0; i < inputs; i++) {
            for (int o = 0; o < outputs; o += PANEL) {
                int count = Math.min(PANEL, outputs - o);
                MemorySegment.copy(matrix, from + i * outputs + o, data, Page.FLOAT, at(keyHead, i, o), count);
            }
        }
    }

    /** Copies a key head's matrix to {@code into}, [inputs][outputs] from {@code intoAt}. */
    void copy(int keyHead, float[] into, int intoAt) {
        for (int i = 0; i < inputs; i++) {
            for (int o = 0; o < outputs; o += PANEL) {
                int count = Math.min(PANEL, outputs - o);
                MemorySegment.copy(data, Page.FLOAT, at(keyHead, i, o), into, intoAt + i * outputs + o, count);
            }
        }
    }

    /**
     * Multiplies rows with a key head's matrix: y[r][o] = Σ_i x[r][i] · W[i][o].
     *
     * @param x rows of [inputs] from {@code xAt}, {@code xStride} floats apart
     * @param y panels [⌈outputs/64⌉][rows][64]
     * @param accumulate true to add the products to y
     */
    void multiply(
            Kernels kernels, int keyHead, float[] x, int xAt, int xStride, int rows, float[] y, boolean accumulate) {
        for (int panel = 0; panel * PANEL < outputs; panel++) {
            kernels.multiply(
                    x, xAt, xStride, rows, inputs, Format.F32, data, panelAt(keyHead, panel), PANEL, PANEL, y,
                    panel * rows * PANEL, 0, accumulate);
        }
    }
}
