package io.github.t6j.flashtpa;

import io.github.t6j.attention.Rope;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Rotary position embedding (RoPE), which encodes positions in feature factors: rotate B_Q and B_K, or whole queries,
 * before {@link FlashTpaCache#append append} and {@link FlashTpaCache#attend attend}. It rotates each pair (x, y) of a
 * vector at position p by the angle θ = p · f, where f is the frequency of the pair:
 *
 * <pre>
 *   x' = x · cos θ − y · sin θ
 *   y' = x · sin θ + y · cos θ
 *   f  = base^(−2i/n)     pair i of the first n elements; the elements after them stay unchanged
 * </pre>
 *
 * Scores then depend on the distance between query and key, not on their positions. Angles, cosines and sines are f32,
 * as in PyTorch. Immutable and safe for use by several threads.
 */
public final class RotaryEmbedding {
    /** Elements of the first n that form pair i. */
    public enum Pairing {
        /** Elements i and i + n/2, as Llama models in Hugging Face layout and T6. */
        HALVES,
        /** Elements 2i and 2i + 1, as the paper's Theorem C.1 and Llama models in the layout of Meta or GGUF. */
        ADJACENT
    }

    private final Rope rope;
    private final int rotaryDim;

    private RotaryEmbedding(Rope.Config config) {
        rope = new Rope(config);
        rotaryDim = config.rotaryDim();
    }

    /**
     * Creates a rotation of the first {@code rotaryDim} elements with the frequencies base^(−2i/rotaryDim).
     *
     * @param base base of the frequencies, often 10000
     * @throws IllegalArgumentException if {@code rotaryDim} is odd or below 2, or {@code base} not positive and finite
     */
    public RotaryEmbedding(Pairing pairing, int rotaryDim, double base) {
        this(Objects.requireNonNull(pairing, "pairing"), frequencies(rotaryDim, base));
    }

    /**
     * Creates a rotation with other frequencies, for example scaled ones for long contexts.
     *
     * @param frequencies frequency of each pair, in radians per position; as many as half of the rotated elements
     * @throws IllegalArgumentException if there are none, or one is NaN or infinite
     */
    public RotaryEmbedding(Pairing pairing, float... frequencies) {
        this(config(pairing, frequencies));
    }

    /**
     * Returns the rotation of the official T6 models: halves, base 10000. It rotates by −θ, which gives the same
     * scores, and rounds cosines and sines to bf16.
     *
     * @throws IllegalArgumentException if {@code rotaryDim} is odd or below 2
     */
    public static RotaryEmbedding t6(int rotaryDim) {
        checkDim(rotaryDim);
        return new RotaryEmbedding(new Rope.Config(rotaryDim, 0f, Rope.Form.OFFICIAL));
    }

    private static Rope.Config config(Pairing pairing, float[] frequencies) {
        Objects.requireNonNull(pairing, "pairing");
        Objects.requireNonNull(frequencies, "frequencies");
        if (frequencies.length == 0) {
            throw new IllegalArgumentException("frequencies: expected one or more, found none");
        }
        List<Float> list = new ArrayList<>();
        for (int i = 0; i < frequencies.length; i++) {
            if (!Float.isFinite(frequencies[i])) {
                throw new IllegalArgumentException(
                        "frequencies[" + i + "]: expected a finite number, found " + frequencies[i]);
            }
            list.add(frequencies[i]);
        }
        Rope.Form form = new Rope.Form(pairing == Pairing.ADJACENT, true, false);
        return new Rope.Config(2 * frequencies.length, 0f, form, list, 1f);
    }

    private static float[] frequencies(int rotaryDim, double base) {
        checkDim(rotaryDim);
        if (!(base > 0 && base < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("base: expected a finite number above 0, found " + base);
        }
        float[] frequencies = new float[rotaryDim / 2];
        for (int i = 0; i < frequencies.length; i++) {
            frequencies[i] = Rope.frequency(i, rotaryDim, base);
        }
        return frequencies;
    }

    private static void checkDim(int rotaryDim) {
        if (rotaryDim < 2 || rotaryDim % 2 != 0) {
            throw new IllegalArgumentException("rotaryDim: expected an even number from 2 on, found " + rotaryDim);
        }
    }

    /**
     * Rotates the vectors of tokens in place.
     *
     * @param x [tokens][vectors][size], for example B_K [tokens][R_K][D]
     * @param vectors vectors of a token, such as R_K
     * @param size elements of a vector, at least the rotated ones
     * @param positions position of each token, from 0
     * @throws IllegalArgumentException if a size is wrong or a position is negative
     */
    public void rotate(float[] x, int vectors, int size, int[] positions) {
        Objects.requireNonNull(x, "x");
        Objects.requireNonNull(positions, "positions");
        FlashTpa.atLeast(1, vectors, "vectors");
        FlashTpa.atLeast(rotaryDim, size, "size");
        long expected = (long) positions.length * vectors * size;
        if (x.length != expected) {
            throw new IllegalArgumentException(
                    "x: expected [" + positions.length + "][" + vectors + "][" + size + "] = "
                            + expected + " elements, found " + x.length);
        }
        for (int t = 0; t < positions.length; t++) {
            FlashTpa.atLeast(0, positions[t], "positions[" + t + "]"); // all are checked before any is rotated
        }
        float[] cos = new float[rope.pairs()];
        float[] sin = new float[rope.pairs()];
        for (int t = 0; t < positions.length; t++) {
            rope.table(positions[t], cos, sin, 0);
            rope.rotate(x, t * vectors * size, vectors, size, cos, sin, 0);
        }
    }
}
