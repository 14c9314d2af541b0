package io.github.t6j.cli.serve;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads a request's JSON object field by field. Errors name the field; null means an absent field. */
final class Fields {
    private final Map<String, Object> json;
    private final String prefix; // of field names in errors

    Fields(Map<String, Object> json) {
        this(json, "");
    }

    private Fields(Map<String, Object> json, String prefix) {
        this.json = json;
        this.prefix = prefix;
    }

    boolean has(String name) {
        return json.get(name) != null;
    }

    Object value(String name) {
        return json.get(name);
    }

    /** Returns the name of a field in errors. */
    String place(String name) {
        return prefix + name;
    }

    /** Returns a 400 that names the field, {@code expected}, and its value. */
    ApiException wrong(String name, String expected) {
        Object found = json.get(name);
        String what = switch (found) {
            case null -> "nothing";
            case String text -> text.length() <= 40 ? "\"" + text + "\"" : "a text of " + text.length() + " characters";
            case List<?> list -> "an array of " + list.size();
            case Map<?, ?> map -> "an object";
            default -> found.toString();
        };
        return ApiException.invalid(prefix + name, prefix + name + ": expected " + expected + ", found " + what);
    }

    String text(String name, String fallback) {
        return switch (json.get(name)) {
            case null -> fallback;
            case String text -> text;
            default -> throw wrong(name, "a text");
        };
    }

    String requiredText(String name) {
        String text = text(name, null);
        if (text == null) {
            throw wrong(name, "a text");
        }
        return text;
    }

    boolean flag(String name) {
        return switch (json.get(name)) {
            case null -> false;
            case Boolean flag -> flag;
            default -> throw wrong(name, "true or false");
        };
    }

    /** Returns which of two names of the same field is present. @throws ApiException if both are, but differ */
    String either(String name, String alias) {
        if (has(name) && has(alias) && !value(name).equals(value(alias))) {
            throw wrong(alias, "the value of " + place(name) + ", which means the same");
        }
        return has(name) ? name : alias;
    }

    /** Returns a whole number from {@code min} to {@code max}. */
    int whole(String name, int min, int max, int fallback) {
        Long number = longOrNull(name, min, max);
        return number == null ? fallback : number.intValue();
    }

    /** Returns a whole number from {@code min} to {@code max}, or null. */
    Long longOrNull(String name, long min, long max) {
        Object value = json.get(name);
        if (value == null) {
            return null;
        }
        String expected = "a whole number from " + min + " to " + max;
        boolean isWhole = value instanceof Number number && number.doubleValue() == Math.rint(number.doubleValue());
        if (!isWhole) {
            throw wrong(name, expected);
        }
        Number number = (Number) value;
        long found = number instanceof Long exact ? exact : (long) number.doubleValue();
        if (found < min || found > max || Math.abs(number.doubleValue()) > 0x1p63) {
            throw wrong(name, expected);
        }
        return found;
    }

    /** Returns a number from {@code min} to {@code max}, or null. */
    Float number(String name, double min, double max) {
        return switch (json.get(name)) {
            case null -> null;
            case Number number when number.doubleValue() >= min && number.doubleValue() <= max ->
                number.floatValue();
            default -> throw wrong(name, "a number from " + min + " to " + max);
        };
    }

    Fields object(String name) {
        return switch (json.get(name)) {
            case null -> new Fields(Map.of(), prefix + name + ".");
            case Map<?, ?> map -> new Fields(typed(map), prefix + name + ".");
            default -> throw wrong(name, "an object");
        };
    }

    /** Returns the objects of a required array. */
    List<Fields> objects(String name) {
        if (!(json.get(name) instanceof List<?> list) || list.isEmpty()) {
            throw wrong(name, "an array of at least one object");
        }
        List<Fields> objects = new ArrayList<>();
        for (Object element : list) {
            if (!(element instanceof Map<?, ?> map)) {
                throw wrong(name, "an array of at least one object");
            }
            objects.add(new Fields(typed(map), prefix + name + "[" + objects.size() + "]."));
        }
        return objects;
    }

    @SuppressWarnings("unchecked") // the keys of a JSON object are strings
    private static Map<String, Object> typed(Map<?, ?> map) {
        return (Map<String, Object>) map;
    }

    Map<String, Object> json() {
        return json;
    }

    /** Returns the texts of a field, which is a text or an array of texts. */
    List<String> texts(String name, int max) {
        List<String> texts = switch (json.get(name)) {
            case null -> List.of();
            case String text -> List.of(text);
            case List<?> list when list.stream().allMatch(String.class::isInstance) ->
                list.stream().map(String.class::cast).toList();
            default -> throw wrong(name, "a text or an array of texts");
        };
        if (texts.size() > max || texts.contains("")) {
            throw wrong(name, "at most " + max + " texts that are not empty");
        }
        return texts;
    }

    /** @throws ApiException if one of {@code names} is present with a value that is not empty, false or "none" */
    void refuse(Set<String> names) {
        for (String name : names) {
            Object value = json.get(name);
            boolean none = value == null || value.equals(false) || value.equals("none") || value.equals(List.of());
            if (!none) {
                throw ApiException.unsupported(prefix + name);
            }
        }
    }
}
