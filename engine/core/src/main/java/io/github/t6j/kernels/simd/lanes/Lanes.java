package io.github.t6j.kernels.simd.lanes;

import io.github.t6j.kernels.Kernels;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Species of the machine's vectors, at most {@link Kernels#LANES} floats wide: static and final, or C2 cannot compile
 * them.
 *
 * <p>Kernels read a panel of 64 elements four vectors at a time, {@value #D1} elements apart, where {@link
 * io.github.t6j.kernels.Format} places the elements that share an int. A row of a panel is one such step with 16 lanes,
 * two with 8 and four with 4.
 *
 * <pre>
 *   lanes     16             8                        4
 *   F32       0 16 32 48     0 16 32 48, 8 24 …       0 16 32 48, 4 20 …      four loads
 *   BF16                                                                      two, at bytes 0 and 64 from 4 · lane
 *   Q8                                                                        one
 * </pre>
 */
public final class Lanes {
    private Lanes() {}

    public static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED.length() > Kernels.LANES
            ? FloatVector.SPECIES_512
            : FloatVector.SPECIES_PREFERRED;

    public static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED.length() > Kernels.LANES
            ? IntVector.SPECIES_512
            : IntVector.SPECIES_PREFERRED;

    /**
     * Class of vectors of {@link #FLOATS}. C2 keeps a vector in a register if it knows the vector's class. Around a
     * loop or after a branch C2 loses the class and uses the type profile, which all users of the Vector API in a JVM
     * share. After too many profile errors it no longer trusts the profile and allocates vectors as objects. {@code
     * FLOAT_VECTOR.cast} restates the class and costs nothing (ADR 25).
     */
    public static final Class<FloatVector> FLOAT_VECTOR = exact(FLOATS);

    /** Class of vectors of {@link #INTS}. */
    public static final Class<IntVector> INT_VECTOR = exact(INTS);

    @SuppressWarnings("unchecked") // all vectors of a species are of its vectorType
    private static <V> Class<V> exact(VectorSpecies<?> species) {
        return (Class<V>) species.vectorType();
    }

    /** Number of floats in a vector: 4, 8 or 16. */
    public static final int LENGTH = FLOATS.length();

    /** Distance in elements from the first vector of a step to the second. */
    public static final int D1 = 16;

    /** Distance in elements from the first vector of a step to the third. */
    public static final int D2 = 32;

    /** Distance in elements from the first vector of a step to the fourth. */
    public static final int D3 = 48;

    /** Mask of the bf16 elements in the high halves of ints. */
    public static final int HIGH_HALF = 0xFFFF0000;

    /** Mask of the lowest bytes of ints. */
    public static final int LOW_BYTE = 0xFF;

    /** Bits of the float 2^23; with a byte b in the lowest bits, the float is 2^23 + b. */
    public static final int BYTE_EXPONENT = 0x4B000000;

    /** Sum of 2^23 and the 128 that Q8 adds to a byte. */
    public static final float BYTE_ZERO = 0x1p23f + 128;

    /** Mask of the f16 bits that line up with a float's after the high half of an int is shifted right by 3. */
    public static final int F16_BITS = 0x8FFFE000;

    /** Factor that turns those bits into the f16's value: the biases of the exponents differ by 112. */
    public static final float F16_EXPONENT = 0x1p112f;

    /** Float to which an integer below 2^22 can be added exactly. */
    public static final float WHOLE = 0x1.8p23f;

    /** Bits of {@link #WHOLE}; adding an integer to them gives the bits of the sum. */
    public static final int WHOLE_BITS = 0x4B400000;
}
