package io.github.t6j.family;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Keys of {@code t6j.json} that name steps beyond the official T6; the weights also show those marked *.
 *
 * <pre>
 *   shift           * true: a token's keys and values mix with its predecessor's, by a gate per head
 *   qkNorm          * true: norms of queries and keys
 *   gate            * elementwise or headwise: gates of attention's output
 *   gateActivation    sigmoid (the default) or silu
 *   gateOffset        number that is added before it
 *   groups          * number of key and value heads, which the query heads share
 *   differential    * true: the last query head of each group is subtracted from the others
 *   scalableSoftmax * true: queries grow with the logarithm of the number of tokens
 *   scale             1/sqrt(d) (the default) or 1/d: factor of scores
 *   softCap           limit of scores
 *   slidingWindow     number of tokens that a query sees
 * </pre>
 *
 * @param json all keys of t6j.json
 */
public record StepKeys(ConfigJson json) {
    /** All keys. */
    public static final List<String> ALL = List.of(
            "shift", "qkNorm", "gate", "gateActivation", "gateOffset", "groups", "differential", "scalableSoftmax",
            "scale", "softCap", "slidingWindow");
    private static final Map<String, Set<String>> WORDS = Map.of(
            "gate", Set.of("elementwise", "headwise"), "gateActivation", Set.of("sigmoid", "silu"), "scale",
            Set.of("1/sqrt(d)", "1/d"));
    private static final double MAX = 1e6;

    /** Checks a key by itself. */
    void check(String key, Object value) {
        switch (key) {
            case "groups", "slidingWindow" -> json.optional(key, 1);
            case "gateOffset", "softCap" -> {
                if (!(number(key) >= 0 && number(key) <= MAX)) {
                    throw json.wrong(key, "0 to 1000000", value);
                }
            }
            case "gate", "gateActivation", "scale" -> {
                if (!(value instanceof String word && WORDS.get(key).contains(word))) {
                    throw json.wrong(key, "one of " + String.join(", ", WORDS.get(key).stream().sorted().toList()),
                            value);
                }
            }
            default -> json.flag(key, false);
        }
    }

    /** Fails if a key exists, for a model without such steps. */
    public void refuse() {
        for (String key : ALL) {
            if (json.has(key)) {
                throw json.wrong(key, "no such key, since only T6 and T6 KV-only have such steps",
                        json.values().get(key) + ": remove it");
            }
        }
    }

    /** Returns true if {@code key} asks for a step: a flag that is true, or another value. */
    public boolean names(String key) {
        return json.has(key) && !Boolean.FALSE.equals(json.values().get(key));
    }

    /** Returns true if any key asks for a step. */
    public boolean any() {
        return ALL.stream().anyMatch(this::names);
    }

    /** Returns the number at {@code key}, or 0. */
    public double number(String key) {
        return json.number(key, 0.0);
    }

    /** Returns the whole number at {@code key}, or {@code absent}. */
    public int count(String key, int absent) {
        return json.optional(key, absent);
    }

    /** Returns true if the word at {@code key} is {@code word}. */
    public boolean is(String key, String word) {
        return word.equals(json.values().get(key));
    }
}
