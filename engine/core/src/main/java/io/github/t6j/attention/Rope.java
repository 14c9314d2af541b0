package io.github.t6j.attention;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.weights.DType;
import java.util.List;

/**
 * Rotary position embedding. The official models ({@link Form#OFFICIAL}) pair dimension i with i + n/2 (half-split) and
 * compute y1 = x1·cos + x2·sin, y2 = −x1·sin + x2·cos, the opposite direction of Llama and of the paper's Theorem C.1.
 * Their tables are rounded to bf16, except with decay, which also multiplies every rotated element by
 * decayBase^(position / 10000^(2i/n)).
 *
 * <p>Angles are f32, computed in the same steps as in PyTorch. The class uses Math, because StrictMath allocates;
 * HotSpot gives Math the same results in interpreted and compiled code. No table is cached: the few dozen angles of a
 * position are cheap and serve all layers.
 */
public final class Rope {
    private static final double BASE = 10000.0;

    private final Form form;
    private final int pairs;
    private final float[] inverseFrequency; // [pairs], then the pairs of windowed layers, if they have their own
    private final Rope longer; // rotation of texts longer than {@code original} tokens, or null
    private final int original;
    private final float logDecay;
    private final float factor; // scale of cosines and sines

    /**
     * Pairing of elements, direction and rounding.
     *
     * @param adjacent true to pair 2i with 2i + 1, false to pair i with i + n/2
     * @param counterclockwise true to rotate (x1, x2) by +angle, as in Theorem C.1, false by −angle
     * @param rounded true to round cosines and sines to bf16
     */
    public record Form(boolean adjacent, boolean counterclockwise, boolean rounded) {
        /** Form of the official models without decay. */
        public static final Form OFFICIAL = new Form(false, false, true);

        /** Form of the official models with decay. */
        public static final Form OFFICIAL_DECAY = new Form(false, false, false);
    }

    /**
     * Parameters of a rotation.
     *
     * @param rotaryDim number of rotated elements at the front of a vector, even; the other elements stay unchanged
     * @param decayBase base of the decay of rotated elements (rope_decay_base), or 0 for none
     * @param form pairing of elements, direction and rounding
     * @param frequencies frequencies of the pairs in radians per position; empty for 10000^(−2i/n)
     * @param factor scale of cosines and sines (the attention factor of YaRN and longrope), or 1
     * @param others different frequencies for windowed layers or for long texts
     */
    public record Config(int rotaryDim, float decayBase, Form form, List<Float> frequencies, float factor,
            Others others) {
        /** Creates a rotation with the official frequencies. */
        public Config(int rotaryDim, float decayBase, Form form) {
            this(rotaryDim, decayBase, form, List.of(), 1f);
        }

        /** Creates a rotation that is the same for all layers and lengths. */
        public Config(int rotaryDim, float decayBase, Form form, List<Float> frequencies, float factor) {
            this(rotaryDim, decayBase, form, frequencies, factor, Others.NONE);
        }

        /** Returns the text in the fingerprints of models, which must not change. */
        @Override
        public String toString() {
            return "Config[rotaryDim=" + rotaryDim + ", decayBase=" + decayBase + ", form=" + form + ", frequencies="
                    + frequencies + ", factor=" + factor + (others.equals(Others.NONE) ? "" : ", others=" + others)
                    + "]";
        }
    }

    /**
     * Frequencies that replace the usual ones of a {@link Config}; a model has at most one kind.
     *
     * @param windowed frequencies of layers with a window (Gemma 3), or empty
     * @param longer frequencies of a text of more than {@code original} tokens (longrope), or empty
     * @param original number of tokens of the longest text without {@code longer}, or 0
     */
    public record Others(List<Float> windowed, List<Float> longer, int original) {
        /** No other frequencies. */
        public static final Others NONE = new Others(List.of(), List.of(), 0);
    }

    /** Creates the rotation of {@code config}. */
    public Rope(Config config) {
        form = config.form;
        factor = config.factor;
        pairs = config.rotaryDim / 2;
        inverseFrequency = new float[pairs + config.others.windowed.size()];
        for (int i = 0; i < pairs; i++) {
            inverseFrequency[i] = config.frequencies.isEmpty()
                    ? frequency(i, config.rotaryDim, BASE)
                    : config.frequencies.get(i);
        }
        for (int i = pairs; i < inverseFrequency.length; i++) {
            inverseFrequency[i] = config.others.windowed.get(i - pairs);
        }
        original = config.others.original;
        longer = config.others.longer.isEmpty()
                ? null
                : new Rope(new Config(
                        config.rotaryDim, config.decayBase, config.form, config.others.longer, config.factor));
        logDecay = config.decayBase == 0f ? 0f : (float) StrictMath.log(config.decayBase);
    }

    /** Creates the official rotation, see {@link Config}. */
    public Rope(int rotaryDim, float decayBase) {
        this(new Config(rotaryDim, decayBase, decayBase == 0f ? Form.OFFICIAL : Form.OFFICIAL_DECAY));
    }

    /**
     * Returns the frequency of pair {@code i} of {@code rotaryDim} elements in radians per position, base^(−2i/n), as
     * PyTorch in f32.
     */
    public static float frequency(int i, int rotaryDim, double base) {
        float exponent = (float) (2 * i) / (float) rotaryDim;
        return 1f / (float) StrictMath.pow(base, exponent);
    }

    /** Returns the number of rotated pairs. */
    public int pairs() {
        return pairs;
    }

    /** Returns the number of elements that {@link #table} writes to each array: the pairs of one or two RoPEs. */
    public int tableSize() {
        return inverseFrequency.length;
    }

    /** Returns the offset, in a table, of the pairs of layers with a window. */
    public int windowedTable() {
        return inverseFrequency.length - pairs;
    }

    /** Returns true if the rotation depends on the length of the text (longrope), see {@link #of}. */
    public boolean dependsOnLength() {
        return longer != null;
    }

    /** Returns the rotation of all positions of a text of {@code length} tokens: this one, except in long texts. */
    public Rope of(int length) {
        return longer != null && length > original ? longer : this;
    }

    /** Writes {@link #tableSize()} cosines and sines of {@code position}, from {@code at}, for {@link #rotate}. */
    public void table(int position, float[] cos, float[] sin, int at) {
        for (int i = 0; i < inverseFrequency.length; i++) {
            float angle = position * inverseFrequency[i];
            float c = (float) Math.cos(angle);
            float s = (float) Math.sin(angle);
            if (form.rounded) {
                c = rounded(c);
                s = rounded(s);
            }
            if (logDecay != 0f) {
                float decay = (float) Math.exp(angle * logDecay);
                c *= decay;
                s *= decay;
            }
            cos[at + i] = c * factor;
            sin[at + i] = (form.counterclockwise ? -s : s) * factor;
        }
    }

    private static float rounded(float value) {
        return DType.bf16ToFloat(DType.floatToBf16(value));
    }

    /** Returns the index of the first element of pair {@code i}. */
    private int first(int i) {
        return form.adjacent ? 2 * i : i;
    }

    /** Returns the distance from the first element of a pair to the second. */
    private int apart() {
        return form.adjacent ? 1 : pairs;
    }

    /** Rotates {@code vectors} vectors of {@code size} elements from {@code at} by the table at {@code tableAt}. */
    public void rotate(float[] x, int at, int vectors, int size, float[] cos, float[] sin, int tableAt) {
        int apart = apart();
        for (int v = at; v < at + vectors * size; v += size) {
            for (int i = 0; i < pairs; i++) {
                int first = v + first(i);
                float x1 = x[first];
                float x2 = x[first + apart];
                float c = cos[tableAt + i];
                float s = sin[tableAt + i];
                x[first] = x1 * c + x2 * s;
                x[first + apart] = x2 * c - x1 * s;
            }
        }
    }

    /**
     * Rotates 64 vectors in columns, each by its own table, with the same bits as {@link #rotate}.
     *
     * @param x [size][64], from {@code at}
     * @param tables cosines [pairs][64], then sines [pairs][64], from {@code tablesAt}
     */
    public void rotateColumns(float[] x, int at, float[] tables, int tablesAt) {
        for (int i = 0; i < pairs; i++) {
            int first = at + first(i) * PANEL;
            int second = first + apart() * PANEL;
            int cos = tablesAt + i * PANEL;
            int sin = cos + pairs * PANEL;
            for (int t = 0; t < PANEL; t++) {
                float x1 = x[first + t];
                float x2 = x[second + t];
                float c = tables[cos + t];
                float s = tables[sin + t];
                x[first + t] = x1 * c + x2 * s;
                x[second + t] = x2 * c - x1 * s;
            }
        }
    }
}
