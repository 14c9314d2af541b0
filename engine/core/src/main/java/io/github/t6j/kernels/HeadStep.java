package io.github.t6j.kernels;

/**
 * Operands of one token in a head of a Mamba-3 mixer, see {@link Kernels#advance}. Keys, queries and values have {@value
 * #RANKS} ranks; a model with fewer leaves the others at zero, as the elements beyond the sizes. It is scratch of one
 * thread, and its arrays change places from token to token.
 */
public final class HeadStep {
    /** Largest number of ranks of keys, queries and values. */
    public static final int RANKS = 4;

    /** Columns of a panel of the state, [n][{@value}]. */
    public static final int COLUMNS = 2 * Kernels.LANES;

    /**
     * Weights of all heads of a mixer.
     *
     * @param keyBias [heads][ranks][stateDim]
     * @param queryBias [heads][ranks][stateDim]
     * @param values [heads][ranks][headDim], factors
     * @param gates [heads][ranks][headDim], factors
     * @param outputs [heads][ranks][headDim], factors
     */
    public record Weights(
            float[] keyBias, float[] queryBias, float[] values, float[] gates, float[] outputs) {}

    public final int headDim; //  P
    public final int stateDim; // N
    public final int ranks; //    R
    public final int angles; //   N / 4
    public final int stride; //   floats from one key or query to the next: N, padded
    public final int columns; //  floats from one value to the next: P, padded

    public Weights weights;
    public int head; //     index
    public float[] row; //  row of projections
    public int gatesAt; //  offset of the head's gates [P], then values [P], in the row
    public int keysAt; //   offset of the keys [R][N], then queries [R][N], then rates [N / 4] of phases, in the row
    public float turns; //  factor of the rates, below 2^21
    public float pendingDecay; //    factor of the state when the pending rows are added
    public float decay; //           factor of the state in the result
    public float lastCoefficient; // of the last token in the result
    public float coefficient; //     of the token in the result
    public float skip; //            factor of the token's own values

    public final float[] state; //   [columns / COLUMNS][N][COLUMNS]
    public final float[] phases; //  [N / 4] in turns, from −½ to ½
    public float[] keys; //          [RANKS][stride], of the token
    public float[] lastKeys; //      of the token before
    public float[] pendingKeys; //   of the one before that, which the state does not contain yet
    public float[] values; //        [RANKS][columns], of the token
    public float[] lastValues; //    of the token before
    public final float[] pendingValues; // of the one before that, times their coefficient
    public final float[] queries; // [RANKS][stride]

    // scratch of the kernel
    public boolean backwards;
    public final float[] cos;
    public final float[] sin;
    public final float[] sums = new float[RANKS * RANKS * Kernels.LANES];
    public final float[] products = new float[2 * RANKS * RANKS];
    public final float[] y; //     [RANKS][columns], then gates [RANKS][columns]
    public final float[] gated; // [RANKS][columns]

    /**
     * Allocates operands of zeros.
     *
     * @param headDim P, elements of a value
     * @param stateDim N, elements of a key
     * @param ranks R, at most {@value #RANKS}
     */
    public HeadStep(int headDim, int stateDim, int ranks) {
        this.headDim = headDim;
        this.stateDim = stateDim;
        this.ranks = ranks;
        angles = stateDim / 4;
        stride = padded(stateDim, Kernels.LANES);
        columns = columns(headDim);
        state = new float[columns * stateDim];
        phases = new float[angles];
        keys = new float[RANKS * stride];
        lastKeys = new float[RANKS * stride];
        pendingKeys = new float[RANKS * stride];
        queries = new float[RANKS * stride];
        values = new float[RANKS * columns];
        lastValues = new float[RANKS * columns];
        pendingValues = new float[RANKS * columns];
        cos = new float[angles];
        sin = new float[angles];
        y = new float[2 * RANKS * columns];
        gated = new float[RANKS * columns];
    }

    /** Returns the number of columns of a state of {@code headDim} columns, whole panels. */
    public static int columns(int headDim) {
        return padded(headDim, COLUMNS);
    }

    private static int padded(int n, int multiple) {
        return (n + multiple - 1) / multiple * multiple;
    }

    /** Makes the last token pending, and this token the last one; the arrays of the token are then free. */
    public void shift() {
        float[] free = pendingKeys;
        pendingKeys = lastKeys;
        lastKeys = keys;
        keys = free;
        for (int i = 0; i < pendingValues.length; i++) {
            pendingValues[i] = lastCoefficient * lastValues[i];
        }
        free = lastValues;
        lastValues = values;
        values = free;
        pendingDecay = decay;
    }
}
