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
 * {@code t6j.json}, beside the weights: what neither their names and shapes nor config.json can say. Every key may be
 * missing. Those marked * can be seen in the weights, too, and must not contradict them; writing them says that the
 * weights are meant to be so.
 *
 * <pre>
 *   format         1
 *   variant        full, partialrope, partialrope-decay, linearattn: the suffixes of the official files
 *   order        * 2; 3: with a third factor C (weights c_qkv.W_C_q, W_C_k, W_C_v), head size d_b · d_c
 *   fixed        * list of a_q, b_q, a_k, b_k, a_v, b_v: parameters c_qkv.a_k [h, R], c_qkv.b_k [R, d], … in the place of
 *                  the projections c_qkv.W_A_k, W_B_k, …
 *   shared_b     * true: values have B of the keys, before RoPE; there is neither W_B_v nor b_v
 *   heads          factors: whole heads of keys and values (of the Llama family) are features B of tensor product
 *                  attention, with fixed head factors, which say what head is of which group
 *   head_factors   linear (the default), sigmoid, or softmax over the ranks: applied to all A
 *   rope_pairing   half (the default): number i is paired with i + n/2; adjacent: 2i with 2i + 1
 *   rope_sense     clockwise (the default): a pair turns by −position · frequency; counterclockwise: by +
 *   rope_tables    bf16 or f32: what cosines and sines are rounded to (default bf16, with decay f32)
 *   no_scale       true: a model with latents of the MLRA checkpoints without its factors, their ablation of that name
 * </pre>
 */
public final class VariantJson {
    /** Names that {@code fixed} may list, those of the weights. */
    public static final Set<String> FACTORS = Set.of("a_q", "b_q", "a_k", "b_k", "a_v", "b_v");

    private static final Map<String, Set<String>> WORDS = Map.of(
            "variant", Set.copyOf(RopeVariant.words()),
            "heads", Set.of("factors"),
            "head_factors", Set.of("linear", "sigmoid", "softmax"),
            "rope_pairing", Set.of("half", "adjacent"),
            "rope_sense", Set.of("clockwise", "counterclockwise"),
            "rope_tables", Set.of("bf16", "f32"));
    static final List<String> ROPE_KEYS = List.of("rope_pairing", "rope_sense", "rope_tables");
    static final List<String> FACTOR_KEYS = List.of("order", "fixed", "shared_b", "head_factors");
    private static final Set<String> OTHERS = Set.of("format", "order", "fixed", "shared_b", "no_scale");

    private final Map<String, Object> keys;
    private final String where;

    /**
     * Checks each key by itself.
     *
     * @param where what to call the file in errors
     * @throws ModelFormatException for a key that is not known, or a value that it cannot have
     */
    public VariantJson(Map<String, Object> keys, String where) {
        this.keys = new LinkedHashMap<>(keys);
        this.where = where;
        keys.forEach(this::check);
    }

    /** A file that says nothing. */
    public static VariantJson none() {
        return new VariantJson(Map.of(), "t6j.json");
    }

    private void check(String key, Object value) {
        Set<String> words = WORDS.get(key);
        if (words == null && !OTHERS.contains(key)) {
            throw wrong(key, "no such key", value);
        }
        if (words != null && words.stream().noneMatch(word -> word.equals(value))) {
            throw wrong(key, "one of " + sorted(words), value);
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
            throw wrong(key, expected, found);
        }
    }

    private ModelFormatException wrong(String key, String expected, Object found) {
        return new ModelFormatException(where + ": " + key + ": expected " + expected + ", found " + found);
    }

    /** Whether {@code key} is there. */
    public boolean has(String key) {
        return keys.containsKey(key);
    }

    /** The word at {@code key}, or {@code absent}. */
    public String word(String key, String absent) {
        return has(key) ? (String) keys.get(key) : absent;
    }

    /** The variant, or null. */
    public RopeVariant variant() {
        return has("variant") ? RopeVariant.of(word("variant", null)) : null;
    }

    /** The order, or {@code absent}. */
    public int order(int absent) {
        return has("order") ? ((Long) keys.get("order")).intValue() : absent;
    }

    /** Whether B is shared, or {@code absent}. */
    public boolean sharedB(boolean absent) {
        return has("shared_b") ? (Boolean) keys.get("shared_b") : absent;
    }

    /** Whether factors of latents are left out. */
    boolean noScale() {
        return has("no_scale") && (Boolean) keys.get("no_scale");
    }

    /** Fails if it has one of {@code unused}, which say nothing about the model, since {@code reason}. */
    void refuse(List<String> unused, String reason) {
        for (String key : unused) {
            if (has(key)) {
                throw new ModelFormatException(
                        where + ": " + key + ": expected no such key, since " + reason + ", found "
                                + keys.get(key) + ": remove it");
            }
        }
    }

    /** Fails if it says so of a model that has no such factors. */
    void refuseNoScale() {
        refuse(List.of("no_scale"),
                "only the MLA, GLA and MLRA models of the MLRA checkpoints have factors that it could leave out");
    }

    /** Fails if it says so of a model whose heads cannot be factors, or are. */
    void refuseHeads() {
        refuse(List.of("heads"), "only the Llama family's whole heads can be taken as factors");
    }

    /** The factors that are fixed, by their weights' names; none where the key is missing. */
    public Set<String> fixed() {
        return has("fixed")
                ? Set.copyOf(Json.array(keys.get("fixed"), "fixed").stream().map(String.class::cast).toList())
                : Set.of();
    }

    /** Whether whole heads are to be taken as factors. */
    public boolean hasFactorHeads() {
        return has("heads");
    }

    /** The same with {@code key} set. */
    public VariantJson with(String key, Object value) {
        Map<String, Object> changed = new LinkedHashMap<>(keys);
        changed.put(key, value);
        return new VariantJson(changed, where);
    }

    /** The first key that is about factors and makes no sense for whole heads, or null. */
    public String factorKey() {
        return FACTOR_KEYS.stream().filter(this::has).findFirst().orElse(null);
    }

    /** All keys, as they are written. */
    public Map<String, Object> keys() {
        return Collections.unmodifiableMap(keys);
    }

    /** What to call the file in errors. */
    public String where() {
        return where;
    }
}
