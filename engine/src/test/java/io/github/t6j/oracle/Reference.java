package io.github.t6j.oracle;

/** A model's forward pass in double. */
@FunctionalInterface
public interface Reference {
    /** Logits [ids][vocabulary]. */
    double[][] logits(int... ids);
}
