package io.github.t6j.family;

import io.github.t6j.ModelFormatException;
import io.github.t6j.RopeVariant;
import io.github.t6j.attention.Rope;
import java.util.List;

/** How a model of the T6 family rotates: by what the user says, t6j.json, config.json, in that order. */
final class T6Rope {
    private final String where;
    private final ConfigJson config;
    private final VariantJson variantJson;
    private RopeVariant variant;

    /** @param where what to call the checkpoint in errors */
    T6Rope(String where, Description description) {
        this.where = where;
        config = description.config();
        variantJson = description.variantJson();
        variant = description.variant();
    }

    /** Fails if somebody said another variant than full, which it is then. */
    void checkFull(String message) {
        if (variant != null && variant != RopeVariant.FULL) {
            throw new ModelFormatException(where + message + variant.word());
        }
        variant = RopeVariant.FULL;
    }

    /** Which variant it is; known once {@link #read} has run. */
    RopeVariant variant() {
        return variant;
    }

    /**
     * The rotation.
     *
     * @param size elements of the vectors that are rotated, or the first of them
     * @param assumptions gets what nothing said
     */
    Rope.Config read(int size, List<String> assumptions) {
        if (variant == null) {
            variant = fromConfig(assumptions);
        }
        int rotaryDim = rotaryDim(size, assumptions);
        boolean decays = variant == RopeVariant.LINEARATTN || variant == RopeVariant.PARTIALROPE_DECAY;
        float decayBase = decays ? decayBase(assumptions) : 0f;
        return new Rope.Config(rotaryDim, decayBase, form(variantJson, official(decayBase)));
    }

    /** The variant that config.json's keys leave (without any RoPE key, full). */
    private RopeVariant fromConfig(List<String> assumptions) {
        if (config.has("rope_decay_base")) {
            throw new ModelFormatException(where + ": config.json has rope_decay_base, which leaves two"
                    + " variants: say which, partialrope-decay or linearattn");
        }
        if (config.has("rope_partial_factor")) {
            return RopeVariant.PARTIALROPE;
        }
        assumptions.add("full RoPE (config.json has no RoPE key; unless a variant is said)");
        return RopeVariant.FULL;
    }

    private int rotaryDim(int size, List<String> assumptions) {
        if (variant == RopeVariant.FULL) {
            if (size % 2 != 0) {
                throw new ModelFormatException(where + ": full RoPE pairs dimensions, but the head size is "
                        + size + "; is its variant partialrope?");
            }
            return size;
        }
        double factor = config.number("rope_partial_factor", 1.0 / 3);
        if (!config.has("rope_partial_factor")) {
            assumptions.add("rope_partial_factor 1/3 (the official default; config.json does not say)");
        }
        if (!(factor >= 0 && factor <= 1)) {
            throw new ModelFormatException("config.json: rope_partial_factor: expected 0 to 1, found " + factor);
        }
        return (int) (size * factor) / 2 * 2;
    }

    private float decayBase(List<String> assumptions) {
        if (!config.has("rope_decay_base")) {
            assumptions.add("rope_decay_base 0.999 (the official default; config.json does not say)");
        }
        double base = config.number("rope_decay_base", 0.999);
        if (!((float) base > 0 && base <= 1)) {
            throw new ModelFormatException("config.json: rope_decay_base: expected above 0, up to 1, found " + base);
        }
        return (float) base;
    }

    /** What t6j.json says, else the family's own form. */
    static Rope.Form form(VariantJson variant, Rope.Form own) {
        return new Rope.Form(
                variant.word("rope_pairing", own.adjacent() ? "adjacent" : "half").equals("adjacent"),
                variant.word("rope_sense", own.counterclockwise() ? "counterclockwise" : "clockwise")
                        .equals("counterclockwise"),
                variant.word("rope_tables", own.rounded() ? "bf16" : "f32").equals("bf16"));
    }

    private static Rope.Form official(float decayBase) {
        return decayBase == 0f ? Rope.Form.OFFICIAL : Rope.Form.OFFICIAL_DECAY;
    }

    /** What the model's name says of it: nothing of full, official RoPE. */
    String suffix(Rope.Config rope) {
        String name = variant == RopeVariant.FULL ? "" : ", " + variant.word();
        return rope.form().equals(official(rope.decayBase())) ? name : name + ", RoPE" + words(rope.form());
    }

    static String words(Rope.Form form) {
        return (form.adjacent() ? " adjacent" : " half-split")
                + (form.counterclockwise() ? " counterclockwise" : " clockwise") + (form.rounded() ? " bf16" : " f32");
    }
}
