package io.github.t6j;

/** Type of a model's matrices in memory, from the most exact to the smallest. */
public enum WeightType {
    /** 32-bit floats, 4 bytes an element. */
    F32,
    /** bfloat16, 2 bytes an element. */
    BF16,
    /** Blocks of 32 elements with a common scale, 1.06 bytes an element. */
    Q8_0,
    /** GGML's K-quant of 6 bits, 0.82 bytes an element; blocks have 256 elements, and shorter rows are padded. */
    Q6_K,
    /** GGML's K-quant of 5 bits, 0.70 bytes an element. */
    Q5_K,
    /** GGML's K-quant of 4 bits, 0.58 bytes an element. */
    Q4_K,
    /** Blocks of 32 elements of 4 bits with a common scale, 0.56 bytes an element. */
    Q4_0
}
