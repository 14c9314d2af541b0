package io.github.t6j.model;

import io.github.t6j.weights.DType;

/**
 * Rotary position embedding as the official models have it: dimension i is paired with i + n/2 (half-split), and
 * y1 = x1·cos + x2·sin, y2 = −x1·sin + x2·cos, the opposite sense of Llama's. Tables are rounded to bf16, save with
 * decay, whose every rotated number is also multiplied by decayBase^(position / 10000^(2i/n)).
 *
 * <p>Angles are f32, step by step as PyTorch makes them; StrictMath gives the same tables on every machine. No table is
 * kept: a position's few dozen angles cost less than a microsecond and serve all layers.
 */
public final class Rope {
    private static final double BASE = 10000.0;

    private final int pairs;
    private final float[] inverseFrequency; // [pairs]
    private final float logDecay;

    /**
     * @param rotaryDim first dimensions of a head that are rotated, even; the others pass
     * @param decayBase 0 for none
     */
    public Rope(int rotaryDim, float decayBase) {
        pairs = rotaryDim / 2;
        inverseFrequency = new float[pairs];
        for (int i = 0; i < pairs; i++) {
            float exponent = (float) (2 * i) / (float) rotaryDim;
            inverseFrequency[i] = 1f / (float) StrictMath.pow(BASE, exponent);
        }
        logDecay = decayBase == 0f ? 0f : (float) StrictMath.log(decayBase);
    }

    /** Numbers that {@link #table} writes to each of its arrays. */
    public int pairs() {
        return pairs;
    }

    /** Cosines and sines of {@code position}, [pairs] each, from {@code at}. */
    public void table(int position, float[] cos, float[] sin, int at) {
        for (int i = 0; i < pairs; i++) {
            float angle = position * inverseFrequency[i];
            float c = (float) StrictMath.cos(angle);
            float s = (float) StrictMath.sin(angle);
            if (logDecay == 0f) {
                cos[at + i] = rounded(c);
                sin[at + i] = rounded(s);
            } else {
                float decay = (float) StrictMath.exp(angle * logDecay);
                cos[at + i] = c * decay;
                sin[at + i] = s * decay;
            }
        }
    }

    private static float rounded(float value) {
        return DType.bf16ToFloat(DType.floatToBf16(value));
    }

    /** Rotates {@code vectors} vectors of {@code headDim} numbers from {@code at} by the table at {@code tableAt}. */
    public void rotate(float[] x, int at, int vectors, int headDim, float[] cos, float[] sin, int tableAt) {
        for (int v = at; v < at + vectors * headDim; v += headDim) {
            for (int i = 0; i < pairs; i++) {
                float x1 = x[v + i];
                float x2 = x[v + pairs + i];
                float c = cos[tableAt + i];
                float s = sin[tableAt + i];
                x[v + i] = x1 * c + x2 * s;
                x[v + pairs + i] = x2 * c - x1 * s;
            }
        }
    }
}
