package io.github.t6j;

import java.util.Arrays;
import java.util.List;

/** RoPE variant of an official model, the suffix of its file name. Tensor names and shapes do not determine it. */
public enum RopeVariant {
    /** RoPE rotates all elements of a head. */
    FULL("full"),
    /** RoPE rotates the first part of a head (rope_partial_factor). */
    PARTIALROPE("partialrope"),
    /** RoPE rotates the first part of a head, and the rotated elements decay with the position (rope_decay_base). */
    PARTIALROPE_DECAY("partialrope-decay"),
    /** Linear attention; RoPE rotates with decay. */
    LINEARATTN("linearattn");

    /** All words, for messages. */
    public static final String WORDS = "full, partialrope, partialrope-decay or linearattn";

    private final String word;

    RopeVariant(String word) {
        this.word = word;
    }

    /** Returns the suffix, the word of {@code --variant} and {@code t6j.json}. */
    public String word() {
        return word;
    }

    /** Returns all words in the order of the variants. */
    public static List<String> words() {
        return Arrays.stream(values()).map(RopeVariant::word).toList();
    }

    /**
     * Returns the variant with a word.
     *
     * @throws IllegalArgumentException if {@code word} is not one of {@link #words()}
     */
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
