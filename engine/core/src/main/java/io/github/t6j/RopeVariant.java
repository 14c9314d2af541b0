package io.github.t6j;

/** RoPE variant of an official model, which the suffix of its file name gives. Tensor names and shapes do not determine
 * it. */
public enum RopeVariant {
    /** RoPE rotates all elements of a head. */
    FULL,
    /** RoPE rotates the first part of a head (rope_partial_factor). */
    PARTIALROPE,
    /** RoPE rotates the first part of a head, and the rotated elements decay with the position (rope_decay_base). */
    PARTIALROPE_DECAY,
    /** Linear attention; RoPE rotates with decay. */
    LINEARATTN
}
