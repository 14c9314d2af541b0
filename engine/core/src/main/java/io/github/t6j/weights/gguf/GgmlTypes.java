package io.github.t6j.weights.gguf;

import io.github.t6j.weights.DType;
import java.util.Map;

/** Numbers of the tensor types in GGUF files. */
final class GgmlTypes {
    private static final Map<Integer, DType> READ = Map.ofEntries(
            Map.entry(0, DType.F32), Map.entry(1, DType.F16), Map.entry(2, DType.Q4_0), Map.entry(3, DType.Q4_1),
            Map.entry(6, DType.Q5_0), Map.entry(7, DType.Q5_1), Map.entry(8, DType.Q8_0), Map.entry(12, DType.Q4_K),
            Map.entry(13, DType.Q5_K), Map.entry(14, DType.Q6_K),
            Map.entry(20, DType.IQ4_NL), Map.entry(30, DType.BF16));

    /** Names of the types that t6j does not read, for error messages. */
    private static final Map<Integer, String> OTHERS = Map.ofEntries(
            Map.entry(4, "Q4_2"), Map.entry(5, "Q4_3"), Map.entry(9, "Q8_1"), Map.entry(10, "Q2_K"),
            Map.entry(11, "Q3_K"), Map.entry(15, "Q8_K"), Map.entry(16, "IQ2_XXS"), Map.entry(17, "IQ2_XS"),
            Map.entry(18, "IQ3_XXS"), Map.entry(19, "IQ1_S"), Map.entry(21, "IQ3_S"),
            Map.entry(22, "IQ2_S"), Map.entry(23, "IQ4_XS"), Map.entry(24, "I8"), Map.entry(25, "I16"),
            Map.entry(26, "I32"), Map.entry(27, "I64"), Map.entry(28, "F64"), Map.entry(29, "IQ1_M"),
            Map.entry(31, "Q4_0_4_4"), Map.entry(32, "Q4_0_4_8"), Map.entry(33, "Q4_0_8_8"), Map.entry(34, "TQ1_0"),
            Map.entry(35, "TQ2_0"), Map.entry(36, "IQ4_NL_4_4"), Map.entry(39, "MXFP4"));

    private GgmlTypes() {}

    /**
     * Returns the type of a number.
     *
     * @throws io.github.t6j.ModelFormatException if t6j does not read the type; the message names it
     */
    static DType dtype(int number, GgufReader in, String what) {
        DType dtype = READ.get(number);
        if (dtype == null) {
            String name = OTHERS.getOrDefault(number, "an unknown type");
            throw in.wrong(what, "one of the types F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K, Q6_K,"
                    + " IQ4_NL",
                    name + " (" + Integer.toUnsignedString(number) + "): use a file with these types").asUnsupported();
        }
        return dtype;
    }
}
