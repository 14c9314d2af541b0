package io.github.t6j;

import java.util.Arrays;
import java.util.List;

/** The RoPE suffix of an official model file: what neither tensor names nor shapes can say. */
public enum RopeVariant {
    /** All of a head is rotated. */
    FULL("full"),
    /** The first part of a head is rotated (rope_partial_factor). */
    PARTIALROPE("partialrope"),
    /** The same, and what is rotated decays with the position (rope_decay_base). */
    PARTIALROPE_DECAY("partialrope-decay"),
    /** Linear attention, rotated with decay. */
    LINEARATTN("linearattn");

    /** All words, for people. */
    public static final String WORDS = "full, partialrope, partialrope-decay or linearattn";

    private final String word;

    RopeVariant(String word) {
        this.word = word;
    }

    /** The suffix, as {@code --variant} and {@code t6j.json} say it. */
    public String word() {
        return word;
    }

    /** All words, in the order of the variants. */
    public static List<String> words() {
        return Arrays.stream(values()).map(RopeVariant::word).toList();
    }

    /** @throws IllegalArgumentException if it is none of {@link #words()} */
    public static RopeVariant of(String word) {
        for (RopeVariant variant : values()) {
            if (variant.word.equals(word)) {
                return variant;
            }
        }
        throw new IllegalArgumentException(
                "variant: expected one of " + String.join(", ", words()) + ", found " + word);
    }
}
