package io.github.t6j.family;

import io.github.t6j.ModelFormatException;
import java.util.Map;

/** config.json, read key by key, and held against what the tensors' shapes say. */
public final class ConfigJson {
    private final Map<String, Object> values;
    private final String where;

    /** @param where what to call the file in errors */
    public ConfigJson(Map<String, Object> values, String where) {
        this.values = values;
        this.where = where;
    }

    /** Whether {@code key} is there. */
    boolean has(String key) {
        return values.get(key) != null;
    }

    /** The number at {@code key}, or {@code absent}. */
    double number(String key, double absent) {
        Object value = values.get(key);
        if (value == null) {
            return absent;
        }
        if (value instanceof Number number) {
            return number.doubleValue();
        }
        throw wrong(key, "a number", value);
    }

    /** The whole number at {@code key}, which must be there. */
    int required(String key, String why) {
        if (!has(key)) {
            throw new ModelFormatException(where + ": expected the key " + key + " (" + why + "), found none; add it");
        }
        return whole(key);
    }

    /** The whole number at {@code key}, or {@code absent}. */
    int optional(String key, int absent) {
        return has(key) ? whole(key) : absent;
    }

    private int whole(String key) {
        Object value = values.get(key);
        if (value instanceof Long number && number >= 1 && number <= Integer.MAX_VALUE) {
            return number.intValue();
        }
        throw wrong(key, "a whole number from 1", value);
    }

    private ModelFormatException wrong(String key, String expected, Object found) {
        return new ModelFormatException(where + ": " + key + ": expected " + expected + ", found " + found);
    }

    /** Fails if the key is there and says other than the tensors do. */
    void check(String key, int fromShapes, String shapes) {
        if (has(key) && whole(key) != fromShapes) {
            throw contradiction(key, values.get(key), Integer.toString(fromShapes), shapes);
        }
    }

    /** Fails if the key is there and says other than the tensors do. */
    void check(String key, boolean fromTensors, String tensors) {
        if (has(key) && !values.get(key).equals(fromTensors)) {
            throw contradiction(key, values.get(key), Boolean.toString(fromTensors), tensors);
        }
    }

    private ModelFormatException contradiction(String key, Object said, String found, String shapes) {
        return new ModelFormatException(where + " contradicts the weights: it says " + key + " = " + said
                + ", but " + shapes + " make it " + found + "; one of the two files is of another model");
    }
}
