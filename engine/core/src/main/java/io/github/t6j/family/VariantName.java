package io.github.t6j.family;

import io.github.t6j.RopeVariant;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Names of RoPE variants: the suffixes of official files, the words of {@code --variant} and {@code t6j.json}. */
public final class VariantName {
    /** All names, for messages. */
    public static final String ALL = "full, partialrope, partialrope-decay or linearattn";

    private VariantName() {}

    /** Returns the name of a variant. */
    public static String of(RopeVariant variant) {
        return variant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Returns all names in the order of the variants. */
    public static List<String> all() {
        return Arrays.stream(RopeVariant.values()).map(VariantName::of).toList();
    }

    /**
     * Returns the variant with a name.
     *
     * @throws IllegalArgumentException if {@code name} is not one of {@link #all()}
     */
    public static RopeVariant parse(String name) {
        for (RopeVariant variant : RopeVariant.values()) {
            if (of(variant).equals(name)) {
                return variant;
            }
        }
        throw new IllegalArgumentException(
                "variant: expected one of " + String.join(", ", all()) + ", found " + name);
    }
}
