package io.github.t6j.family.llama;

import io.github.t6j.ModelFormatException;
import io.github.t6j.attention.Rope;
import io.github.t6j.family.ConfigJson;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * RoPE of the Llama family. Pairs (i, i + d/2) rotate counterclockwise, and tables are f32. Frequencies are
 * theta^(−2i/d), scaled by {@code rope_scaling} or {@code rope_parameters}: linear, llama3 or YaRN (Peng et al., 2023).
 * Every step is computed in f32, as in transformers.
 */
public final class LlamaRope {
    private static final Rope.Form FORM = new Rope.Form(false, true, false);

    private static final String DEFAULT = "default";
    private static final String ORIGINAL = "original_max_position_embeddings";

    /** A rope_type of t6j for GGUF files: each frequency is divided by an element of {@link #FACTORS}. */
    public static final String DIVIDED = "gguf_factors";
    public static final String FACTORS = "factors";

    private final int headDim;
    private final ConfigJson scaling; // without keys if the model does not scale
    private final double theta;
    private final double trained; // number of positions before scaling

    /**
     * @param headDim number of rotated elements of a head
     * @param scaling an object as {@code rope_scaling}
     * @param theta base of the frequencies
     * @param trained number of positions before scaling
     */
    LlamaRope(int headDim, ConfigJson scaling, double theta, double trained) {
        this.headDim = headDim;
        this.scaling = scaling;
        this.theta = theta;
        this.trained = trained;
    }

    /** Returns the rotation that {@code config} describes. */
    static Rope.Config of(ConfigJson config, LlamaType type, int headDim) {
        return read(config, type, headDim).config(positions(config, type));
    }

    /**
     * Returns the properties of this rotation: type and base; if it is scaled, factor; original_length if it has a key.
     *
     * @param config config.json of the model
     * @param type name of the type, which may have others in files
     * @param positions number of positions after scaling
     */
    Map<String, Object> describe(ConfigJson config, String type, double positions) {
        Map<String, Object> keys = new LinkedHashMap<>();
        keys.put("type", type);
        keys.put("base", theta);
        if (!List.of(DEFAULT, DIVIDED).contains(type)) {
            keys.put("factor", factor(positions / trained));
        }
        if (config.has(ORIGINAL) || scaling.has(ORIGINAL)) {
            keys.put("original_length", (long) trained);
        }
        return keys;
    }

    /** Returns {@link #describe(ConfigJson, String, double)} of the rotation that {@code config} describes. */
    static Map<String, Object> describe(ConfigJson config, LlamaType type) {
        LlamaRope rope = read(config, type, 2);
        return rope.describe(config, type(rope.scaling), positions(config, type));
    }

    private static double positions(ConfigJson config, LlamaType type) {
        return config.number("max_position_embeddings", type.contextLength);
    }

    private static LlamaRope read(ConfigJson config, LlamaType type, int headDim) {
        ConfigJson scaling = scaling(config);
        double theta = theta(config, type, scaling);
        double trained = config.number(ORIGINAL, scaling.number(ORIGINAL, positions(config, type)));
        double rotated = config.number("partial_rotary_factor", 1);
        if (rotated != 1) {
            throw config.wrong("partial_rotary_factor", "1 (t6j rotates whole heads)", rotated).asUnsupported();
        }
        if (config.flag("rope_interleaved", false)) {
            throw config.wrong("rope_interleaved", "false", true).asUnsupported();
        }
        return new LlamaRope(headDim, scaling, theta, trained);
    }

    /** Returns the object {@code rope_scaling}, or {@code rope_parameters}, or one without keys. */
    static ConfigJson scaling(ConfigJson config) {
        ConfigJson scaling = config.object("rope_scaling");
        if (scaling == null) {
            scaling = config.object("rope_parameters");
        }
        if (scaling == null) {
            scaling = ConfigJson.empty(config.where() + ": rope_scaling");
        }
        if (scaling.firstObject() != null) {
            throw scaling.wrong(scaling.firstObject(), "a number or a string, the same for all layers", "an object")
                    .asUnsupported();
        }
        return scaling;
    }

    /** Returns the base of the frequencies, which {@code scaling} may state too. */
    static double theta(ConfigJson config, LlamaType type, ConfigJson scaling) {
        return positive(
                config, "rope_theta", scaling.number("rope_theta", config.number("rope_theta", type.ropeTheta)));
    }

    private static void check(boolean right, ConfigJson config, String key, String expected, Object found) {
        if (!right) {
            throw config.wrong(key, expected, found);
        }
    }

    /** Returns the name of a kind of scaling. */
    static String type(ConfigJson scaling) {
        return scaling.text("rope_type", scaling.text("type", DEFAULT));
    }

    /** @param positions number of positions after scaling */
    Rope.Config config(double positions) {
        String type = type(scaling);
        return switch (type) {
            case DEFAULT -> config(plain(), 1);
            case "linear" -> config(linear(), 1);
            case "llama3" -> config(llama3(), 1);
            case "yarn" -> config(yarn(factor(positions / trained)), attentionFactor(factor(positions / trained)));
            case DIVIDED -> config(divided(), 1);
            default -> throw ModelFormatException.unsupported(scaling.where()
                    + ": rope_type: expected default, linear, llama3 or yarn, found " + type
                    + "; t6j does not support it");
        };
    }

    private Rope.Config config(float[] frequencies, double factor) {
        return new Rope.Config(headDim, 0f, FORM, list(frequencies), (float) factor);
    }

    private static List<Float> list(float[] frequencies) {
        List<Float> list = new ArrayList<>();
        for (float frequency : frequencies) {
            list.add(frequency);
        }
        return list;
    }

    /**
     * Returns longrope (Ding et al., 2024): one list of divisors for texts of at most {@code trained} ids, another for
     * longer texts, and a factor of queries and keys for both.
     */
    Rope.Config longrope(double positions) {
        double extended = factor(positions / trained);
        double factor = scaling.number(
                "attention_factor", extended <= 1 ? 1 : Math.sqrt(1 + Math.log(extended) / Math.log(trained)));
        return new Rope.Config(
                headDim, 0f, FORM, list(stretched("short_factor")),
                (float) positive(scaling, "attention_factor", factor),
                new Rope.Others(List.of(), list(stretched("long_factor")), (int) trained));
    }

    private float[] plain() {
        float[] frequencies = new float[headDim / 2];
        for (int i = 0; i < frequencies.length; i++) {
            frequencies[i] = Rope.frequency(i, headDim, theta);
        }
        return frequencies;
    }

    /** Returns the factor by which the context was extended, or {@code absent} if no key states it. */
    private double factor(double absent) {
        return positive(scaling, "factor", scaling.number("factor", absent));
    }

    private double required(String key) {
        return positive(scaling, key, scaling.number(key, Double.NaN));
    }

    private static double positive(ConfigJson config, String key, double found) {
        check(found > 0 && Double.isFinite(found), config, key, "a number above 0",
                Double.isNaN(found) ? "none" : found);
        return found;
    }

    private float[] linear() {
        float factor = (float) required("factor");
        float[] frequencies = plain();
        for (int i = 0; i < frequencies.length; i++) {
            frequencies[i] /= factor;
        }
        return frequencies;
    }

    /** Returns the frequencies of a GGUF file with llama3 scaling, which has a divisor for each pair. */
    private float[] divided() {
        float[] factors = factors(FACTORS);
        float[] frequencies = plain();
        for (int i = 0; i < frequencies.length; i++) {
            frequencies[i] /= factors[i];
        }
        return frequencies;
    }

    /** Returns frequencies whose wave lengths are multiplied by a list of longrope. */
    private float[] stretched(String key) {
        float[] factors = factors(key);
        for (int i = 0; i < factors.length; i++) {
            factors[i] = 1f / (factors[i] * power(i));
        }
        return factors;
    }

    /** Returns the list of numbers, one for each pair, in {@code key}. */
    private float[] factors(String key) {
        List<?> list = scaling.list(key);
        float[] factors = new float[headDim / 2];
        check(list.size() == factors.length, scaling, key, factors.length + " numbers", list.size());
        for (int i = 0; i < factors.length; i++) {
            factors[i] = list.get(i) instanceof Number number ? number.floatValue() : 0;
            check(factors[i] > 0 && Float.isFinite(factors[i]), scaling, key, "numbers above 0", list.get(i));
        }
        return factors;
    }

    /** Returns theta^(2i/d) for pair {@code i}. */
    private float power(int i) {
        return (float) StrictMath.pow(theta, (float) (2 * i) / (float) headDim);
    }

    /** Scales long waves, keeps short ones, and interpolates between them. */
    private float[] llama3() {
        float factor = (float) required("factor");
        float low = (float) required("low_freq_factor");
        float high = (float) required("high_freq_factor");
        float original = (float) required(ORIGINAL);
        float[] frequencies = plain();
        for (int i = 0; i < frequencies.length; i++) {
            float inverse = frequencies[i];
            float wave = (1f / inverse) * (float) (2 * Math.PI);
            if (wave > original / low) {
                frequencies[i] = inverse / factor;
            } else if (wave >= original / high) {
                float smooth = (original / wave - low) / (high - low);
                frequencies[i] = (1 - smooth) * inverse / factor + smooth * inverse;
            }
        }
        return frequencies;
    }

    /** Interpolates over the pairs, from high frequencies (kept) to low frequencies (scaled). */
    private float[] yarn(double factor) {
        double fast = scaling.number("beta_fast", 0);
        double slow = scaling.number("beta_slow", 0);
        double low = dimension(fast == 0 ? 32 : fast);
        double high = dimension(slow == 0 ? 1 : slow);
        if (scaling.flag("truncate", true)) {
            low = Math.floor(low);
            high = Math.ceil(high);
        }
        low = Math.max(low, 0);
        high = Math.min(high, headDim - 1);
        if (low == high) {
            high += 0.001;
        }
        float[] frequencies = plain();
        for (int i = 0; i < frequencies.length; i++) {
            float stretched = 1f / ((float) factor * power(i));
            float ramp = Math.clamp((i - (float) low) / (float) (high - low), 0f, 1f);
            float kept = 1 - ramp;
            frequencies[i] = stretched * (1 - kept) + frequencies[i] * kept;
        }
        return frequencies;
    }

    /** Returns the dimension whose pair makes {@code turns} full rotations in the trained context. */
    private double dimension(double turns) {
        return headDim * Math.log(trained / (turns * 2 * Math.PI)) / (2 * Math.log(theta));
    }

    /** Returns YaRN's factor for queries and keys. */
    private double attentionFactor(double factor) {
        if (scaling.has("attention_factor")) {
            return scaling.number("attention_factor", 1);
        }
        double scale = scaling.number("mscale", 0);
        double all = scaling.number("mscale_all_dim", 0);
        return scale != 0 && all != 0 ? magnitude(scale, factor) / magnitude(all, factor) : magnitude(1, factor);
    }

    private static double magnitude(double scale, double factor) {
        return factor <= 1 ? 1 : 0.1 * scale * Math.log(factor) + 1;
    }
}
