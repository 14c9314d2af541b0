package io.github.t6j.tokenizer;

import io.github.t6j.ModelFormatException;
import io.github.t6j.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * An object within a tokenizer.json. Whatever in it would give other ids than are known here is refused by name.
 *
 * @param where its file and place, for errors
 */
record JsonPart(String where, Map<String, Object> json) {
    private static final String HINT =
            "; use a tokenizer.json of BPE with the parts that models of GPT-2, Llama, Mistral, Qwen or SmolLM have";

    /** @throws ModelFormatException if {@code value} is no object */
    static JsonPart of(Object value, String where) {
        return new JsonPart(where, Json.object(value, where));
    }

    Object get(String key) {
        return json.get(key);
    }

    String type() {
        return String.valueOf(json.get("type"));
    }

    /** The object at {@code key}. */
    JsonPart part(String key) {
        return of(json.get(key), where + "." + key);
    }

    /** The array of objects at {@code key}. */
    List<JsonPart> parts(String key) {
        String name = where + "." + key;
        List<JsonPart> parts = new ArrayList<>();
        for (Object element : Json.array(json.get(key), name)) {
            parts.add(of(element, name + "[" + parts.size() + "]"));
        }
        return parts;
    }

    /** The text at {@code key}, of at least one character. */
    String text(String key) {
        if (json.get(key) instanceof String text && !text.isEmpty() && Utf8.isWellFormed(text)) {
            return text;
        }
        throw error(key, "a text");
    }

    /** The boolean at {@code key}; {@code absent} if there is nothing, or null. */
    boolean flag(String key, boolean absent) {
        return switch (json.get(key)) {
            case null -> absent;
            case Boolean flag -> flag;
            default -> throw error(key, "true or false");
        };
    }

    /** Refuses anything but {@code expected} at {@code key}. */
    void expect(String key, Object expected) {
        Object found = json.get(key);
        if (expected == null ? found != null : !expected.equals(found)) {
            throw error(key, String.valueOf(expected));
        }
    }

    /** As {@link #expect}, where nothing, or null, means the same. */
    void expectIfThere(String key, Object expected) {
        if (json.get(key) != null) {
            expect(key, expected);
        }
    }

    ModelFormatException error(String key, String expected) {
        Object found = json.get(key);
        return new ModelFormatException(where + "." + key + ": expected " + expected + ", found "
                + (found instanceof Map<?, ?> map && map.containsKey("type") ? map.get("type") : found) + HINT);
    }
}
