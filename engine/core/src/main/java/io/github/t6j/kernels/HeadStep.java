package io.github.t6j.kernels;

/**
 * Operands of one token in a head of a Mamba-3 mixer, see {@link Kernels#advance}. Each kind of row has {@value #RANKS}
 * ranks; a model with fewer leaves the others at zero. Elements beyond the sizes are zero, too. It is scratch of one
 * thread, and its arrays change places from token to token.
 */
public final class HeadStep {
    /** Number of ranks of keys, queries and values. */
    public static final int RANKS = 4;

    /** Columns of a panel of the state, [n][{@value}]. */
    public static final int COLUMNS = 2 * Kernels.LANES;

    public final int stateDim; // N
    public final int stride; //   floats from one key or query to the next: N, padded
    public final int columns; //  floats from one value to the next: P, padded

    public float[] keys; //          [ranks][stride], of the token
    public float[] lastKeys; //      of the token before
    public float[] pendingKeys; //   of the one before that, which the state does not contain yet
    public float[] values; //        [ranks][columns], of the token
    public float[] lastValues; //    of the token before
    public final float[] pendingValues; // of the one before that, times their coefficient
    public final float[] queries; // [ranks][stride]
    public final float[] y; //       [2 · ranks][columns], the result; the second half is free for the caller
    public final float[] sums = new float[RANKS * RANKS * Kernels.LANES]; // scratch of the kernel

    public float pendingDecay; //    factor of the state when the pending rows are added
    public float decay; //           factor of the state in the result
    public float lastCoefficient; // of the last token in the result
    public float coefficient; //     of the token in the result
    public float skip; //            factor of the token's own values

    /**
     * Allocates operands of zeros.
     *
     * @param headDim P, elements of a value
     * @param stateDim N, elements of a key
     */
    public HeadStep(int headDim, int stateDim) {
        this.stateDim = stateDim;
        stride = padded(stateDim, Kernels.LANES);
        columns = columns(headDim);
        keys = new float[RANKS * stride];
        lastKeys = new float[RANKS * stride];
        pendingKeys = new float[RANKS * stride];
        queries = new float[RANKS * stride];
        values = new float[RANKS * columns];
        lastValues = new float[RANKS * columns];
        pendingValues = new float[RANKS * columns];
        y = new float[2 * RANKS * columns];
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
