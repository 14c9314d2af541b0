package io.github.t6j.tokenizer.json;

import io.github.t6j.ModelFormatException;
import io.github.t6j.json.Json;
import io.github.t6j.tokenizer.split.Utf8;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Object inside a tokenizer.json. Any value that could change the ids in an unsupported way is rejected with an error
 * that names it.
 *
 * @param where its file and place, for errors
 */
record JsonPart(String where, Map<String, Object> json) {
    private static final String HINT =
            "; use a tokenizer.json of BPE with the parts that models of GPT-2, Llama, Mistral, Qwen or SmolLM have";

    /** @throws ModelFormatException if {@code value} is not an object */
    static JsonPart of(Object value, String where) {
        return new JsonPart(where, Json.object(value, where));
    }

    Object get(String key) {
        return json.get(key);
    }

    String type() {
        return String.valueOf(json.get("type"));
    }

    /** Returns the object at {@code key}. */
    JsonPart part(String key) {
        return of(json.get(key), where + "." + key);
    }

    /** Returns the array of objects at {@code key}. */
    List<JsonPart> parts(String key) {
        String name = where + "." + key;
        List<JsonPart> parts = new ArrayList<>();
        for (Object element : Json.array(json.get(key), name)) {
            parts.add(of(element, name + "[" + parts.size() + "]"));
        }
        return parts;
    }

    /** Returns the string at {@code key}, of at least one character. */
    String text(String key) {
        if (json.get(key) instanceof String text && !text.isEmpty() && Utf8.isWellFormed(text)) {
            return text;
        }
        throw wrong(key, "a string");
    }

    /** Returns the boolean at {@code key}; {@code absent} if it is missing or null. */
    boolean flag(String key, boolean absent) {
        return switch (json.get(key)) {
            case null -> absent;
            case Boolean flag -> flag;
            default -> throw wrong(key, "true or false");
        };
    }

    /** Rejects any value at {@code key} except {@code expected}. */
    void expect(String key, Object expected) {
        Object found = json.get(key);
        if (expected == null ? found != null : !expected.equals(found)) {
            throw error(key, String.valueOf(expected));
        }
    }

    /** Rejects as {@link #expect} does, but accepts a missing value or null. */
    void expectIfThere(String key, Object expected) {
        if (json.get(key) != null) {
            expect(key, expected);
        }
    }

    /** Returns an error about a value at {@code key} that t6j does not support. */
    ModelFormatException error(String key, String expected) {
        return wrong(key, expected).asUnsupported();
    }

    /** Returns an error about a value at {@code key} that no tokenizer has. */
    private ModelFormatException wrong(String key, String expected) {
        Object found = json.get(key);
        return new ModelFormatException(where + "." + key + ": expected " + expected + ", found "
                + (found instanceof Map<?, ?> map && map.containsKey("type") ? map.get("type") : found) + HINT);
    }
}
