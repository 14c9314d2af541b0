package io.github.t6j.kernels.simd;

import io.github.t6j.kernels.Kernels;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/** The machine's vectors, at most {@link Kernels#LANES} floats wide: static and final, or C2 cannot compile them. */
final class Lanes {
    private Lanes() {}

    static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED.length() > Kernels.LANES
            ? FloatVector.SPECIES_512
            : FloatVector.SPECIES_PREFERRED;

    static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED.length() > Kernels.LANES
            ? IntVector.SPECIES_512
            : IntVector.SPECIES_PREFERRED;

    /** Floats in a vector: 4, 8 or 16. */
    static final int L = F.length();
}
