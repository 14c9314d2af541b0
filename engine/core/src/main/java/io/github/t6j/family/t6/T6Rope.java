package io.github.t6j.family.t6;

import io.github.t6j.ModelFormatException;
import io.github.t6j.RopeVariant;
import io.github.t6j.attention.Rope;
import io.github.t6j.family.ConfigJson;
import io.github.t6j.family.ModelMetadata;
import io.github.t6j.family.VariantJson;
import io.github.t6j.family.VariantName;
import java.util.List;

/** Rotation of a model of the T6 family: given by the user, t6j.json or config.json, in that order. */
public final class T6Rope {
    private static final String OTHERWISE = "; if the model was trained otherwise, ";

    private final String where;
    private final ConfigJson config;
    private final VariantJson variantJson;
    private RopeVariant variant;

    /** @param where name of the checkpoint in errors */
    T6Rope(String where, ModelMetadata description) {
        this.where = where;
        config = description.config();
        variantJson = description.variantJson();
        variant = description.variant();
    }

    /** Returns the variant, which is known after {@link #read}. */
    RopeVariant variant() {
        return variant;
    }

    /**
     * Returns the rotation.
     *
     * @param size number of elements of the vectors whose first elements, or all, are rotated
     * @param assumptions receives the defaults that no file states
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

    /** Returns the variant that config.json's keys allow; full if it has no RoPE key. */
    private RopeVariant fromConfig(List<String> assumptions) {
        if (config.has("rope_decay_base")) {
            throw new ModelFormatException(where + ": config.json has rope_decay_base, which leaves two"
                    + " variants: choose one, partialrope-decay or linearattn");
        }
        if (config.has("rope_partial_factor")) {
            return RopeVariant.PARTIALROPE;
        }
        assumptions.add("full RoPE, which rotates all pairs of elements, since config.json has neither"
                + " rope_partial_factor nor rope_decay_base" + OTHERWISE
                + "choose its variant (--variant, ModelOptions.withVariant)");
        return RopeVariant.FULL;
    }

    private int rotaryDim(int size, List<String> assumptions) {
        if (variant == RopeVariant.FULL) {
            if (size % 2 != 0) {
                throw new ModelFormatException(where + ": expected an even head size for full RoPE, found "
                        + size + "; is the model's variant partialrope?");
            }
            return size;
        }
        double factor = config.number("rope_partial_factor", 1.0 / 3);
        if (!config.has("rope_partial_factor")) {
            assumptions.add("RoPE of 1/3 of each head, as in the code of the paper's authors, since config.json has no"
                    + " rope_partial_factor" + OTHERWISE + "add that key");
        }
        if (!(factor >= 0 && factor <= 1)) {
            throw new ModelFormatException("config.json: rope_partial_factor: expected 0 to 1, found " + factor);
        }
        return (int) (size * factor) / 2 * 2;
    }

    private float decayBase(List<String> assumptions) {
        if (!config.has("rope_decay_base")) {
            assumptions.add("RoPE that decays with the base 0.999, as in the code of the paper's authors, since"
                    + " config.json has no rope_decay_base" + OTHERWISE + "add that key");
        }
        double base = config.number("rope_decay_base", 0.999);
        if (!((float) base > 0 && base <= 1)) {
            throw new ModelFormatException("config.json: rope_decay_base: expected above 0, up to 1, found " + base);
        }
        return (float) base;
    }

    /** Returns the form that t6j.json states, or the family's default. */
    public static Rope.Form form(VariantJson variant, Rope.Form standard) {
        return new Rope.Form(
                variant.word("rope_pairing", standard.adjacent() ? "adjacent" : "half").equals("adjacent"),
                variant.word("rope_sense", standard.counterclockwise() ? "counterclockwise" : "clockwise")
                        .equals("counterclockwise"),
                variant.word("rope_tables", standard.rounded() ? "bf16" : "f32").equals("bf16"));
    }

    private static Rope.Form official(float decayBase) {
        return decayBase == 0f ? Rope.Form.OFFICIAL : Rope.Form.OFFICIAL_DECAY;
    }

    /** Returns the part of the model's name that describes RoPE; empty for full RoPE in the official form. */
    String suffix(Rope.Config rope) {
        String name = variant == RopeVariant.FULL ? "" : ", " + VariantName.of(variant);
        return rope.form().equals(official(rope.decayBase())) ? name : name + ", RoPE" + words(rope.form());
    }

    /** Returns a form in words, for a model's name. */
    public static String words(Rope.Form form) {
        return (form.adjacent() ? " adjacent" : " half-split")
                + (form.counterclockwise() ? " counterclockwise" : " clockwise") + (form.rounded() ? " bf16" : " f32");
    }
}
