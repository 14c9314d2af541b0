package io.github.t6j.family;

import io.github.t6j.ModelFormatException;
import io.github.t6j.RopeVariant;
import io.github.t6j.json.Json;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Keys of {@code t6j.json}, a file next to the weights for facts that neither they nor config.json show. All keys are
 * optional. The weights also show the keys marked * and must not contradict them; setting these keys documents the
 * intent.
 *
 * <pre>
 *   format         1
 *   variant        full, partialrope, partialrope-decay, linearattn: the suffixes of the official files
 *   order        * 2; 3: with a third factor C (weights c_qkv.W_C_q, W_C_k, W_C_v), head size d_b · d_c
 *   fixed        * list of a_q, b_q, a_k, b_k, a_v, b_v: parameters c_qkv.a_k [h, R], c_qkv.b_k [R, d], … replace the
 *                  projections c_qkv.W_A_k, W_B_k, …
 *   shared_b     * true: values use B of the keys, before RoPE; W_B_v and b_v are missing
 *   heads          factors: whole heads of keys and values (of the Llama family) are features B of tensor product
 *                  attention, with fixed head factors that assign heads to groups
 *   head_factors   linear (the default), sigmoid, or softmax over the ranks: applied to all A
 *   rope_pairing   half (the default): element i is paired with i + n/2; adjacent: 2i with 2i + 1
 *   rope_sense     clockwise (the default): a pair rotates by −position · frequency; counterclockwise: by +
 *   rope_tables    bf16 or f32: type of the cosines and sines (default bf16, with decay f32)
 *   window         of Olala: masks (the default for config.json) or limits (the default for GGUF): whether slw_wsize
 *                  hides older tokens, or only limits the scalable softmax
 *   no_scale       true: a latent model of the MLRA checkpoints without its factors, the ablation of that name
 * </pre>
 *
 * {@link StepKeys} has the keys of steps beyond the official T6.
 */
public final class VariantJson {
    /** Names that {@code fixed} may list, the weights' names. */
    public static final Set<String> FACTORS = Set.of("a_q", "b_q", "a_k", "b_k", "a_v", "b_v");

    private static final Map<String, Set<String>> WORDS = Map.of(
            "variant", Set.copyOf(VariantName.all()),
            "heads", Set.of("factors"),
            "head_factors", Set.of("linear", "sigmoid", "softmax"),
            "window", Set.of("masks", "limits"),
            "rope_pairing", Set.of("half", "adjacent"),
            "rope_sense", Set.of("clockwise", "counterclockwise"),
            "rope_tables", Set.of("bf16", "f32"));
    public static final List<String> ROPE_KEYS = List.of("rope_pairing", "rope_sense", "rope_tables");
    public static final List<String> FACTOR_KEYS = List.of("order", "fixed", "shared_b", "head_factors");
    private static final Set<String> OTHERS = Set.of("format", "order", "fixed", "shared_b", "no_scale");

    private final Map<String, Object> keys;
    private final ConfigJson json; // the same keys

    /**
     * Checks each key by itself.
     *
     * @param where name of the file in errors
     * @throws ModelFormatException for an unknown key or an invalid value
     */
    public VariantJson(Map<String, Object> keys, String where) {
        this.keys = new LinkedHashMap<>(keys);
        json = new ConfigJson(keys, where);
        keys.forEach(this::check);
    }

    /** Returns an object without keys. */
    public static VariantJson none() {
        return new VariantJson(Map.of(), "t6j.json");
    }

    private void check(String key, Object value) {
        if (StepKeys.ALL.contains(key)) {
            steps().check(key, value);
            return;
        }
        Set<String> words = WORDS.get(key);
        if (words == null && !OTHERS.contains(key)) {
            throw json.wrong(key, "no such key", value);
        }
        if (words != null && words.stream().noneMatch(word -> word.equals(value))) {
            throw json.wrong(key, "one of " + sorted(words), value);
        }
        switch (key) {
            case "format" -> expect(key, Objects.equals(value, 1L), "1", value);
            case "order" -> expect(key, Objects.equals(value, 2L) || Objects.equals(value, 3L), "2 or 3", value);
            case "shared_b", "no_scale" -> expect(key, value instanceof Boolean, "true or false", value);
            case "fixed" -> expect(key, isFactors(value), "a list of " + sorted(FACTORS), value);
            default -> {
            }
        }
    }

    private static boolean isFactors(Object value) {
        return value instanceof List<?> list
                && list.stream().allMatch(factor -> factor instanceof String name && FACTORS.contains(name));
    }

    private static String sorted(Set<String> words) {
        return String.join(", ", words.stream().sorted().toList());
    }

    private void expect(String key, boolean right, String expected, Object found) {
        if (!right) {
            throw json.wrong(key, expected, found);
        }
    }

    public boolean has(String key) {
        return json.has(key);
    }

    /** Returns the word at {@code key}, or {@code absent}. */
    public String word(String key, String absent) {
        return json.text(key, absent);
    }

    /** Returns the keys of steps. */
    public StepKeys steps() {
        return new StepKeys(json);
    }

    /** Returns the variant, or null. */
    public RopeVariant variant() {
        return has("variant") ? VariantName.parse(word("variant", null)) : null;
    }

    /** Returns the order, or {@code absent}. */
    public int order(int absent) {
        return json.optional("order", absent);
    }

    /** Returns true if B is shared, or {@code absent}. */
    public boolean sharedB(boolean absent) {
        return json.flag("shared_b", absent);
    }

    /** Returns true if the factors of latents are omitted. */
    public boolean noScale() {
        return json.flag("no_scale", false);
    }

    /** Fails if {@code stored}, the value at {@code key} or its default, contradicts the tensors. */
    public void check(String key, Object stored, Object found, String tensors) {
        json.check(key, stored, found, tensors);
    }

    /**
     * Fails if one of the keys {@code unused} exists; the error states {@code reason}, why they do not apply to the
     * model.
     */
    public void refuse(List<String> unused, String reason) {
        for (String key : unused) {
            if (has(key)) {
                throw json.wrong(key, "no such key, since " + reason, keys.get(key) + ": remove it");
            }
        }
    }

    /** Fails if no_scale exists, for a model without such factors. */
    public void refuseNoScale() {
        refuse(List.of("no_scale"),
                "only the MLA, GLA and MLRA models of the MLRA checkpoints have factors to omit");
    }

    /** Fails if heads exists, for a model whose heads are factors already or cannot be converted. */
    public void refuseHeads() {
        refuse(List.of("heads"), "only the Llama family's whole heads can be used as factors");
    }

    /** Fails if window exists, for a model of another family than Olala. */
    public void refuseWindow() {
        refuse(List.of("window"), "only Olala's windows can be read in two ways");
    }

    /** Returns the fixed factors by the names of their weights; empty if the key is missing. */
    public Set<String> fixed() {
        return has("fixed")
                ? Set.copyOf(Json.array(keys.get("fixed"), "fixed").stream().map(String.class::cast).toList())
                : Set.of();
    }

    /** Returns a copy with {@code key} set. */
    public VariantJson with(String key, Object value) {
        Map<String, Object> changed = new LinkedHashMap<>(keys);
        changed.put(key, value);
        return new VariantJson(changed, where());
    }

    /** Returns all keys, in the form in which they are written. */
    public Map<String, Object> keys() {
        return Collections.unmodifiableMap(keys);
    }

    /** Returns the name of the file in errors. */
    public String where() {
        return json.where();
    }
}
