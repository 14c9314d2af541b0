package io.github.t6j.oracle;

/** A model's forward pass in double. */
public interface Reference {
    /**
     * Hidden states [ids][width] after some layers: of none, the rows of the embedding; of all, with the last norm.
     */
    double[][] hiddenStates(int layers, int... ids);

    /** Logits [ids][vocabulary]. */
    double[][] logits(int... ids);
}
