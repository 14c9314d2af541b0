package io.github.t6j.grammar;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Checks that no value matches two options of {@code oneOf}, so that it means the same as {@code anyOf}. */
final class SchemaOverlap {
    private SchemaOverlap() {}

    /**
     * @param options keywords of each option
     * @throws IllegalArgumentException if two options may match the same value
     */
    static void check(List<Map<String, Object>> options, String at) {
        for (int i = 0; i < options.size(); i++) {
            for (int j = 0; j < i; j++) {
                Map<String, Object> left = options.get(j);
                Map<String, Object> right = options.get(i);
                if (!apart(types(left, at), types(right, at)) && !apart(constants(left, at), constants(right, at))
                        && !apartByProperty(left, right, at)) {
                    throw new IllegalArgumentException("schema at " + at + "/oneOf: options " + j + " and " + i
                            + " may match the same value, which is not supported; use anyOf, or give them different"
                            + " types or a required property with different constants");
                }
            }
        }
    }

    /** Returns whether two sets are known and have no common member. */
    private static boolean apart(Set<String> left, Set<String> right) {
        return left != null && right != null && Collections.disjoint(left, right);
    }

    private static Set<String> types(Map<String, Object> schema, String at) {
        Set<String> types = new TreeSet<>();
        if (schema.containsKey("type")) {
            types.addAll(JsonSchemaReader.types(schema.get("type"), at));
        } else if (constantList(schema, at) != null) {
            constantList(schema, at).forEach(value -> types.add(SchemaText.type(value)));
        } else {
            return null;
        }
        if (types.contains("number")) {
            types.add("integer");
        }
        return types;
    }

    private static Set<String> constants(Map<String, Object> schema, String at) {
        List<Object> values = constantList(schema, at);
        if (values == null) {
            return null;
        }
        Set<String> written = new TreeSet<>();
        values.forEach(value -> written.add(
                value instanceof Number number ? "" + number.doubleValue() : SchemaText.write(value)));
        return written;
    }

    private static List<Object> constantList(Map<String, Object> schema, String at) {
        if (schema.containsKey("const")) {
            return new ArrayList<>(Collections.singletonList(schema.get("const")));
        }
        return schema.containsKey("enum") ? JsonSchemaReader.array(schema.get("enum"), at + "/enum") : null;
    }

    private static boolean apartByProperty(Map<String, Object> left, Map<String, Object> right, String at) {
        if (!left.containsKey("required") || !right.containsKey("required")
                || !left.containsKey("properties") || !right.containsKey("properties")) {
            return false;
        }
        Set<Object> shared = new HashSet<>(JsonSchemaReader.array(left.get("required"), at));
        shared.retainAll(JsonSchemaReader.array(right.get("required"), at));
        Map<String, Object> leftOnes = JsonSchemaReader.object(left.get("properties"), at);
        Map<String, Object> rightOnes = JsonSchemaReader.object(right.get("properties"), at);
        return shared.stream().anyMatch(name -> leftOnes.get(name) instanceof Map<?, ?> a
                && rightOnes.get(name) instanceof Map<?, ?> b
                && apart(constants(JsonSchemaReader.object(a, at), at), constants(JsonSchemaReader.object(b, at), at)));
    }
}
