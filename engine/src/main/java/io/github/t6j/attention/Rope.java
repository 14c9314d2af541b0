package io.github.t6j.attention;

import static io.github.t6j.kernels.Kernels.PANEL;

import io.github.t6j.weights.DType;
import java.util.List;

/**
 * Rotary position embedding. As the official models have it ({@link Form#OFFICIAL}), dimension i is paired with i + n/2
 * (half-split), and y1 = x1·cos + x2·sin, y2 = −x1·sin + x2·cos, the opposite sense of Llama's and of the paper's
 * Theorem C.1. Their tables are rounded to bf16, except with decay, where every rotated element is also multiplied by
 * decayBase^(position / 10000^(2i/n)).
 *
 * <p>Angles are f32, step by step as PyTorch makes them. Math, not StrictMath: HotSpot computes its functions by one
 * routine in interpreted and compiled code, they round to the same tables, and StrictMath allocates. No table is kept:
 * a position's few dozen angles cost less than a microsecond and serve all layers.
 */
public final class Rope {
    private static final double BASE = 10000.0;

    /** What cosines and sines are multiplied by where nothing says otherwise. */
    private static final float PLAIN = 1f;

    private final Form form;
    private final int pairs;
    private final float[] inverseFrequency; // [pairs]
    private final float logDecay;
    private final float factor; // of cosines and sines

    /**
     * How elements are paired and turned.
     *
     * @param adjacent whether 2i is paired with 2i + 1; else i with i + n/2
     * @param counterclockwise whether (x1, x2) turns by +angle, as in Theorem C.1; else by −angle
     * @param rounded whether cosines and sines are rounded to bf16
     */
    public record Form(boolean adjacent, boolean counterclockwise, boolean rounded) {
        /** The official models' without decay. */
        public static final Form OFFICIAL = new Form(false, false, true);

        /** The official models' with decay. */
        public static final Form OFFICIAL_DECAY = new Form(false, false, false);
    }

    /**
     * A rotation.
     *
     * @param rotaryDim first elements of a vector that are rotated, an even number; the others pass
     * @param decayBase what rotated elements decay with (rope_decay_base), or 0: no decay
     * @param form how elements are paired and turned
     * @param frequencies of the pairs, radians a position; empty: 10000^(−2i/n)
     * @param factor what cosines and sines are multiplied by (YaRN's attention factor), or 1
     */
    public record Config(int rotaryDim, float decayBase, Form form, List<Float> frequencies, float factor) {
        /** The official frequencies. */
        public Config(int rotaryDim, float decayBase, Form form) {
            this(rotaryDim, decayBase, form, List.of(), PLAIN);
        }
    }

    /** The rotation of {@code config}. */
    public Rope(Config config) {
        this(config.rotaryDim, config.decayBase, config.form, config.frequencies, config.factor);
    }

    /**
     * The official rotation.
     *
     * @param rotaryDim first dimensions of a vector that are rotated, even; the others pass
     * @param decayBase 0 for none
     */
    public Rope(int rotaryDim, float decayBase) {
        this(rotaryDim, decayBase, decayBase == 0f ? Form.OFFICIAL : Form.OFFICIAL_DECAY);
    }

    /** As {@link #Rope(int, float)}, in another form. */
    public Rope(int rotaryDim, float decayBase, Form form) {
        this(rotaryDim, decayBase, form, List.of(), PLAIN);
    }

    private Rope(int rotaryDim, float decayBase, Form form, List<Float> frequencies, float factor) {
        this.form = form;
        this.factor = factor;
        pairs = rotaryDim / 2;
        inverseFrequency = new float[pairs];
        for (int i = 0; i < pairs; i++) {
            inverseFrequency[i] = frequencies.isEmpty() ? frequency(i, rotaryDim, BASE) : frequencies.get(i);
        }
        logDecay = decayBase == 0f ? 0f : (float) StrictMath.log(decayBase);
    }

    /** Radians that pair {@code i} of {@code rotaryDim} elements turns a position: base^(−2i/n), in f32 as PyTorch has it. */
    public static float frequency(int i, int rotaryDim, double base) {
        float exponent = (float) (2 * i) / (float) rotaryDim;
        return 1f / (float) StrictMath.pow(base, exponent);
    }

    /** Elements that {@link #table} writes to each of its arrays. */
    public int pairs() {
        return pairs;
    }

    /** Cosines and sines of {@code position}, as {@link #rotate} takes them, [pairs] each, from {@code at}. */
    public void table(int position, float[] cos, float[] sin, int at) {
        for (int i = 0; i < pairs; i++) {
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

    /** Index of the first number of pair {@code i}. */
    private int first(int i) {
        return form.adjacent ? 2 * i : i;
    }

    /** From the first number of a pair to the second. */
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
     * Rotates 64 vectors that stand in columns, each by a table of its own, to the same bits as {@link #rotate}.
     *
     * @param x [size][64], from {@code at}
     * @param tables cosines [pairs][64], then sines [pairs][64], from {@code tablesAt}
     */
    void rotateColumns(float[] x, int at, float[] tables, int tablesAt) {
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
