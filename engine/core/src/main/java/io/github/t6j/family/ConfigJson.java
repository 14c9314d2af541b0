package io.github.t6j.family;

import io.github.t6j.ModelFormatException;
import io.github.t6j.json.Json;
import java.util.List;
import java.util.Map;

/** Keys of config.json; each is read by name, and compared with the tensors' shapes where they determine it. */
public final class ConfigJson {
    private final Map<String, Object> values;
    private final String where;

    /** @param where name of the file in errors */
    public ConfigJson(Map<String, Object> values, String where) {
        this.values = values;
        this.where = where;
    }

    /** Returns an object without keys. */
    public static ConfigJson empty(String where) {
        return new ConfigJson(Map.of(), where);
    }

    /** Returns all keys with their values. */
    public Map<String, Object> values() {
        return values;
    }

    /** Returns true if {@code key} exists, even with the value null. */
    public boolean mentions(String key) {
        return values.containsKey(key);
    }

    /** Returns true if {@code key} exists with a value other than null. */
    public boolean has(String key) {
        return values.get(key) != null;
    }

    /** Returns the number at {@code key}, or {@code absent}. */
    public double number(String key, double absent) {
        return typed(key, Number.class, "a number", absent).doubleValue();
    }

    /** Returns the string at {@code key}, or {@code absent}. */
    public String text(String key, String absent) {
        return typed(key, String.class, "a string", absent);
    }

    /** Returns the boolean at {@code key}, or {@code absent}. */
    public boolean flag(String key, boolean absent) {
        return typed(key, Boolean.class, "true or false", absent);
    }

    private <T> T typed(String key, Class<T> type, String expected, T absent) {
        Object value = values.get(key);
        if (value != null && !type.isInstance(value)) {
            throw wrong(key, expected, value);
        }
        return value == null ? absent : type.cast(value);
    }

    /**
     * Returns the list at {@code key}; a value that is not a list becomes a list of one element, a missing one an empty
     * list.
     */
    public List<?> list(String key) {
        Object value = values.get(key);
        return value == null ? List.of() : value instanceof List<?> list ? list : List.of(value);
    }

    /** Returns the object at {@code key}, or null. */
    public ConfigJson object(String key) {
        Object value = values.get(key);
        return value == null ? null : new ConfigJson(Json.object(value, where + ": " + key), where + ": " + key);
    }

    /** Returns the first key whose value is an object, or null. */
    public String firstObject() {
        return values.entrySet().stream().filter(entry -> entry.getValue() instanceof Map).map(Map.Entry::getKey)
                .findFirst()
                .orElse(null);
    }

    /** Returns the name of the file, or of the place in it, for errors. */
    public String where() {
        return where;
    }

    /** Returns the integer at {@code key}, which must exist. */
    public int required(String key, String why) {
        if (!has(key)) {
            throw new ModelFormatException(where + ": expected the key " + key + " (" + why + "), found none; add it");
        }
        return whole(key, 1);
    }

    /** Returns the integer at {@code key}, or {@code absent}. */
    public int optional(String key, int absent) {
        return has(key) ? whole(key, 1) : absent;
    }

    /** Returns the integer at {@code key}, which may be 0, or {@code absent}. */
    public int countOr(String key, int absent) {
        return has(key) ? whole(key, 0) : absent;
    }

    private int whole(String key, int min) {
        Object value = values.get(key);
        if (value instanceof Long number && number >= min && number <= Integer.MAX_VALUE) {
            return number.intValue();
        }
        throw wrong(key, "a whole number from " + min, value);
    }

    /** Returns an error about the value at {@code key}. */
    public ModelFormatException wrong(String key, String expected, Object found) {
        return new ModelFormatException(where + ": " + key + ": expected " + expected + ", found " + found);
    }

    /** Fails if the key exists and contradicts the tensors. */
    public void check(String key, int fromShapes, String shapes) {
        if (has(key)) {
            check(key, whole(key, 1), fromShapes, shapes);
        }
    }

    /** Fails if the key exists and contradicts the tensors. */
    public void check(String key, boolean fromTensors, String tensors) {
        if (has(key)) {
            check(key, values.get(key), fromTensors, tensors);
        }
    }

    /** Fails if {@code stored}, the value at {@code key}, contradicts the tensors. */
    public void check(String key, Object stored, Object found, String tensors) {
        if (!stored.equals(found)) {
            throw new ModelFormatException(where + " contradicts the weights: it has " + key + " = " + stored
                    + ", expected " + found + " from " + tensors
                    + "; one of the two files belongs to another model");
        }
    }
}
