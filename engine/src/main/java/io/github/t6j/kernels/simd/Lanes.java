package io.github.t6j.kernels.simd;

import io.github.t6j.kernels.Kernels;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The machine's vectors, at most {@link Kernels#LANES} floats wide: static and final, or C2 cannot compile them.
 *
 * <p>Kernels take a panel of 64 elements four vectors at a time, {@value #C1} elements apart: there {@link
 * io.github.t6j.kernels.Format} has put the elements that share an int. A row of a panel is one such step where a vector
 * has 16 lanes, two where it has 8, four where it has 4.
 *
 * <pre>
 *   lanes     16             8                        4
 *   F32       0 16 32 48     0 16 32 48, 8 24 …       0 16 32 48, 4 20 …      four loads
 *   BF16                                                                      two, at bytes 0 and 64 from 4 · lane
 *   Q8                                                                        one
 * </pre>
 */
final class Lanes {
    private Lanes() {}

    static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED.length() > Kernels.LANES
            ? FloatVector.SPECIES_512
            : FloatVector.SPECIES_PREFERRED;

    static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED.length() > Kernels.LANES
            ? IntVector.SPECIES_512
            : IntVector.SPECIES_PREFERRED;

    /**
     * The class of vectors of {@link #FLOATS}. C2 keeps a vector in a register if it knows its class. Round a loop or after a
     * branch it forgets it and asks the profile, which all users of the Vector API in a JVM share, and which it no longer
     * trusts once it erred too often: then it makes objects. {@code FLOAT_VECTOR.cast} says it anew, and costs nothing (ADR 25).
     */
    static final Class<FloatVector> FLOAT_VECTOR = exact(FLOATS);

    /** The class of vectors of {@link #INTS}. */
    static final Class<IntVector> INT_VECTOR = exact(INTS);

    @SuppressWarnings("unchecked") // a species' vectors are all of its vectorType
    private static <V> Class<V> exact(VectorSpecies<?> species) {
        return (Class<V>) species.vectorType();
    }

    /** Floats in a vector: 4, 8 or 16. */
    static final int LENGTH = FLOATS.length();

    /** Elements from the first vector of a step to the second. */
    static final int C1 = 16;

    /** Elements from the first vector of a step to the third. */
    static final int C2 = 32;

    /** Elements from the first vector of a step to the fourth. */
    static final int C3 = 48;

    /** Of a vector of ints, the bf16 elements in the high halves. */
    static final int HIGH_HALF = 0xFFFF0000;

    /** Of a vector of ints, the lowest bytes. */
    static final int LOW_BYTE = 0xFF;

    /** Bits of 2^23: with a byte b in the lowest bits, 2^23 + b. */
    static final int BYTE_EXPONENT = 0x4B000000;

    /** 2^23 and what is added to a byte. */
    static final float BYTE_ZERO = 0x1p23f + 128;
}
