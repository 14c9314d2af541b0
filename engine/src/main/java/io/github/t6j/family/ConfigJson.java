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

    /** Returns whether {@code key} exists, even with the value null. */
    public boolean mentions(String key) {
        return values.containsKey(key);
    }

    /** Returns whether {@code key} exists with a value other than null. */
    public boolean has(String key) {
        return values.get(key) != null;
    }

    /** Returns the number at {@code key}, or {@code absent}. */
    public double number(String key, double absent) {
        Object value = values.get(key);
        if (value == null) {
            return absent;
        }
        if (value instanceof Number number) {
            return number.doubleValue();
        }
        throw wrong(key, "a number", value);
    }

    /** Returns the string at {@code key}, or {@code absent}. */
    public String text(String key, String absent) {
        Object value = values.get(key);
        if (value == null || value instanceof String) {
            return value == null ? absent : (String) value;
        }
        throw wrong(key, "a string", value);
    }

    /** Returns the boolean at {@code key}, or {@code absent}. */
    public boolean flag(String key, boolean absent) {
        Object value = values.get(key);
        if (value == null || value instanceof Boolean) {
            return value == null ? absent : (Boolean) value;
        }
        throw wrong(key, "true or false", value);
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
        return whole(key);
    }

    /** Returns the integer at {@code key}, or {@code absent}. */
    public int optional(String key, int absent) {
        return has(key) ? whole(key) : absent;
    }

    /** Returns the integer at {@code key}, which may be 0, or {@code absent}. */
    public int countOr(String key, int absent) {
        return has(key) ? whole(key, 0) : absent;
    }

    private int whole(String key) {
        return whole(key, 1);
    }

    private int whole(String key, int least) {
        Object value = values.get(key);
        if (value instanceof Long number && number >= least && number <= Integer.MAX_VALUE) {
            return number.intValue();
        }
        throw wrong(key, "a whole number from " + least, value);
    }

    /** Returns an error about the value at {@code key}. */
    public ModelFormatException wrong(String key, String expected, Object found) {
        return new ModelFormatException(where + ": " + key + ": expected " + expected + ", found " + found);
    }

    /** Fails if the key exists and contradicts the tensors. */
    public void check(String key, int fromShapes, String shapes) {
        if (has(key) && whole(key) != fromShapes) {
            throw contradiction(key, values.get(key), Integer.toString(fromShapes), shapes);
        }
    }

    /** Fails if the key exists and contradicts the tensors. */
    public void check(String key, boolean fromTensors, String tensors) {
        if (has(key) && !values.get(key).equals(fromTensors)) {
            throw contradiction(key, values.get(key), Boolean.toString(fromTensors), tensors);
        }
    }

    private ModelFormatException contradiction(String key, Object said, String found, String shapes) {
        return new ModelFormatException(where + " contradicts the weights: it has " + key + " = " + said + ", expected "
                + found + " from " + shapes + "; one of the two files belongs to another model");
    }
}
