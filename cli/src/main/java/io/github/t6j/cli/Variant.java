package io.github.t6j.cli;

/** What a model's files cannot say about its positions and its attention: the suffixes of the official files. */
enum Variant {
    FULL,
    PARTIALROPE,
    PARTIALROPE_DECAY,
    LINEARATTN;

    /** Says it in the option's help. */
    static final String WORDS = "full, partialrope, partialrope-decay or linearattn";
}
