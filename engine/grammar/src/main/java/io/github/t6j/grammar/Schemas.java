package io.github.t6j.grammar;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/**
 * Relations between schemas: merging of schemas that must all hold, as in {@code allOf}, mutual exclusion, and values
 * that schemas exclude by {@code not}.
 */
final class Schemas {
    /** Maximum number of schemas that the members excluded together make of one. */
    private static final int MAX_ALTERNATIVES = 100;

    private Schemas() {}

    /** Values that {@code not} excludes, as far as grammars can express it. */
    static final class Excluded {
        private final Set<String> remaining = new HashSet<>(ValueForms.TYPES); // types of values
        private final Set<String> types = new HashSet<>(); // of excluded values
        private final List<Object> values = new ArrayList<>();
        private final List<Automaton> patterns = new ArrayList<>(); // of excluded strings
        private final List<List<Object>> members = new ArrayList<>(); // names of each list do not occur together

        /**
         * Excludes the values of a schema without references and combinations.
         *
         * @throws IllegalArgumentException if a grammar cannot exclude them
         */
        void add(Map<String, Object> schema, String at) {
            Set<String> keywords = new TreeSet<>(schema.keySet());
            keywords.remove("type");
            if (schema.containsKey("const") || schema.containsKey("enum")) {
                values.addAll(JsonSchemaReader.constants(schema, at));
            } else if (keywords.isEmpty()) {
                types.addAll(JsonSchemaReader.types(schema.get("type"), at));
            } else if (keywords.equals(Set.of("pattern")) && isOnly("string", schema, at)) {
                patterns.add(ValueForms.pattern(schema, at));
            } else if (keywords.equals(Set.of("required")) && isOnly("object", schema, at)) {
                members.add(JsonSchemaReader.array(schema.get("required"), at + "/required"));
            } else {
                throw new IllegalArgumentException("schema at " + at + ": not is not supported with "
                        + String.join(", ", keywords) + "; expected const, enum, type, pattern, required or anyOf");
            }
        }

        /** Returns true if a schema is about one type only; without a type, values of others match, so none is left. */
        private boolean isOnly(String type, Map<String, Object> schema, String at) {
            if (!schema.containsKey("type")) {
                remaining.retainAll(Set.of(type));
            }
            return !schema.containsKey("type")
                    || JsonSchemaReader.types(schema.get("type"), at).equals(Set.of(type));
        }

        /** Returns true if a constant is excluded. */
        boolean contains(Object value) {
            String type = JsonText.type(value);
            return !remaining.contains(type) || types.contains(type)
                    || type.equals("integer") && types.contains("number")
                    || values.stream().anyMatch(other -> normal(other).equals(normal(value)))
                    || value instanceof String text && patterns.stream().anyMatch(pattern -> pattern.accepts(text))
                    || value instanceof Map<?, ?> map && members.stream().anyMatch(map.keySet()::containsAll);
        }

        /** Returns the types that are left of {@code all}; number is not if integer is excluded. */
        Set<String> left(Set<String> all) {
            Set<String> left = new LinkedHashSet<>(all);
            left.retainAll(remaining);
            left.removeAll(types);
            if (types.contains("number") || types.contains("integer")) {
                left.removeAll(Set.of("number", "integer"));
            }
            if (left.contains("number")) {
                left.remove("integer"); // a number, too
            }
            return left;
        }

        /** Returns the automata of strings that are not excluded, whose intersection is left. */
        List<Automaton> strings() {
            List<Automaton> left = new ArrayList<>();
            patterns.forEach(pattern -> left.add(pattern.complement()));
            List<Expression> texts = values.stream().filter(String.class::isInstance)
                    .map(text -> Expression.text((String) text)).toList();
            if (!texts.isEmpty()) {
                left.add(Automaton.of(new Expression.Choice(texts)).complement());
            }
            return left;
        }

        /** Returns the excluded numbers, ascending. */
        List<BigDecimal> numbers(String at) {
            return values.stream().filter(Number.class::isInstance).map(value -> JsonSchemaReader.number(value, at))
                    .sorted().toList();
        }

        /** @throws IllegalArgumentException if a constant of a type is excluded whose values have many forms */
        void checkNone(String type, String at) {
            if (values.stream().anyMatch(value -> JsonText.type(value).equals(type))) {
                throw new IllegalArgumentException(
                        "schema at " + at + "/not: a constant " + type + " is not supported");
            }
        }

        /** Returns schemas of objects, one of which must hold: in each, a member of each list is missing. */
        List<Map<String, Object>> objects(Map<String, Object> schema, String at) {
            List<Map<String, Object>> objects = List.of(schema);
            for (List<Object> names : members) {
                if ((long) objects.size() * names.size() > MAX_ALTERNATIVES) {
                    throw new IllegalArgumentException("schema at " + at + "/not: expected at most " + MAX_ALTERNATIVES
                            + " ways to leave out required members, found more");
                }
                List<Map<String, Object>> each = new ArrayList<>();
                objects.forEach(object -> names.forEach(name -> each.add(without(object, name, at))));
                objects = each;
            }
            return objects;
        }

        private static Map<String, Object> without(Map<String, Object> object, Object name, String at) {
            Map<String, Object> missing = new LinkedHashMap<>(object);
            if (!object.containsKey("properties")) {
                missing.putIfAbsent("additionalProperties", true);
            }
            Map<String, Object> properties = new LinkedHashMap<>(
                    JsonSchemaReader.object(object.getOrDefault("properties", Map.of()), at + "/properties"));
            properties.put(JsonSchemaReader.string(name, at + "/not/required"), false);
            missing.put("properties", properties);
            return missing;
        }
    }

    /** Returns a value that is equal as in JSON: 1 and 1.0 are the same number. */
    private static Object normal(Object value) {
        return switch (value) {
            case Number number -> number.doubleValue();
            case List<?> list -> list.stream().map(Schemas::normal).toList();
            case Map<?, ?> map -> {
                Map<Object, Object> copy = new LinkedHashMap<>();
                map.forEach((name, member) -> copy.put(name, normal(member)));
                yield copy;
            }
            case null -> NULL;
            default -> value;
        };
    }

    /** Returns the values without repetitions. */
    static List<Object> distinct(List<Object> values) {
        Map<Object, Object> distinct = new LinkedHashMap<>();
        values.forEach(value -> distinct.putIfAbsent(normal(value), value == null ? NULL : value));
        List<Object> all = new ArrayList<>();
        distinct.values().forEach(value -> all.add(value == NULL ? null : value));
        return all;
    }

    /**
     * Returns the schema of values that match both.
     *
     * @param at place in errors
     * @throws IllegalArgumentException if a keyword of both cannot be merged
     */
    static Map<String, Object> merge(Map<String, Object> left, Map<String, Object> right, String at) {
        checkNeighbors(left, right, at);
        checkNeighbors(right, left, at);
        Map<String, Object> merged = new LinkedHashMap<>(left);
        right.forEach((keyword, value) -> merged.merge(
                keyword, value == null ? NULL : value, (first, second) -> merge(keyword, first, second, at)));
        merged.replaceAll((_, value) -> value == NULL ? null : value);
        return merged;
    }

    private static final Object NULL = new Object(); // Map.merge would remove a key for null

    private static Object merge(String keyword, Object left, Object right, String at) {
        if (JsonSchemaReader.ANNOTATIONS.contains(keyword) || Objects.equals(left, right)) {
            return left;
        }
        return switch (keyword) {
            case "properties" -> properties(left, right, at);
            case "required" -> union(left, right, at);
            case "type" -> intersection(left, right, at);
            case "minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties" ->
                larger(left, right, at) ? left : right;
            case "maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties" ->
                larger(left, right, at) ? right : left;
            case "uniqueItems" -> true;
            case "not" -> Map.of("anyOf", List.of(left, right));
            default -> throw new IllegalArgumentException("schema at " + at + ": two different values of " + keyword
                    + " that must hold together are not supported");
        };
    }

    /**
     * Checks keywords whose meaning depends on others in their schema: {@code additionalProperties} applies to
     * properties that its own schema does not name, and {@code items} after the {@code prefixItems} of its own schema.
     */
    private static void checkNeighbors(Map<String, Object> schema, Map<String, Object> other, String at) {
        if (limits(schema, "additionalProperties") && !names(schema, at).containsAll(names(other, at))) {
            throw new IllegalArgumentException("schema at " + at + ": additionalProperties together with properties of"
                    + " another schema that must hold, too, is not supported; write all properties in one schema");
        }
        if (limits(schema, "items") && !schema.containsKey("prefixItems") && other.containsKey("prefixItems")) {
            throw new IllegalArgumentException("schema at " + at + ": items together with prefixItems of another schema"
                    + " that must hold, too, is not supported; write both in one schema");
        }
    }

    private static boolean limits(Map<String, Object> schema, String keyword) {
        return schema.containsKey(keyword) && !Boolean.TRUE.equals(schema.get(keyword));
    }

    private static Set<String> names(Map<String, Object> schema, String at) {
        return schema.containsKey("properties")
                ? JsonSchemaReader.object(schema.get("properties"), at + "/properties").keySet()
                : Set.of();
    }

    private static Object properties(Object left, Object right, String at) {
        Map<String, Object> all = new LinkedHashMap<>(JsonSchemaReader.object(left, at + "/properties"));
        JsonSchemaReader.object(right, at + "/properties").forEach((name, schema) -> all.merge(
                name, Objects.requireNonNullElse(schema, NULL),
                (first, second) -> Objects.equals(first, second) ? first : Map.of("allOf", List.of(first, second))));
        all.replaceAll((_, schema) -> schema == NULL ? null : schema);
        return all;
    }

    private static Object union(Object left, Object right, String at) {
        Set<Object> all = new LinkedHashSet<>(JsonSchemaReader.array(left, at));
        all.addAll(JsonSchemaReader.array(right, at));
        return new ArrayList<>(all);
    }

    private static Object intersection(Object left, Object right, String at) {
        Set<String> both = new LinkedHashSet<>(JsonSchemaReader.types(left, at));
        Set<String> rightTypes = JsonSchemaReader.types(right, at);
        boolean integer = both.contains("integer") && rightTypes.contains("number")
                || both.contains("number") && rightTypes.contains("integer");
        both.retainAll(rightTypes);
        if (integer && !both.contains("number")) {
            both.add("integer");
        }
        if (both.isEmpty()) {
            throw new IllegalArgumentException("schema at " + at + ": expected a type that both schemas allow, found "
                    + left + " and " + right);
        }
        return new ArrayList<>(both);
    }

    private static boolean larger(Object left, Object right, String at) {
        BigDecimal a = JsonSchemaReader.number(left, at);
        BigDecimal b = JsonSchemaReader.number(right, at);
        return a.compareTo(b) > 0;
    }

    /**
     * Checks that no value matches two options of {@code oneOf}, so that it means the same as {@code anyOf}.
     *
     * @param options keywords of each option
     * @throws IllegalArgumentException if two options may match the same value
     */
    static void checkDisjoint(List<Map<String, Object>> options, String at) {
        for (int i = 0; i < options.size(); i++) {
            for (int j = 0; j < i; j++) {
                Map<String, Object> left = options.get(j);
                Map<String, Object> right = options.get(i);
                if (!areDisjoint(types(left, at), types(right, at))
                        && !areDisjoint(constants(left, at), constants(right, at))
                        && !areDisjointByProperty(left, right, at)) {
                    throw new IllegalArgumentException("schema at " + at + "/oneOf: options " + j + " and " + i
                            + " may match the same value, which is not supported; use anyOf, or give them different"
                            + " types or a required property with different constants");
                }
            }
        }
    }

    /** Returns true if two sets are known and have no common member. */
    private static boolean areDisjoint(Set<String> left, Set<String> right) {
        return left != null && right != null && Collections.disjoint(left, right);
    }

    private static Set<String> types(Map<String, Object> schema, String at) {
        Set<String> types = new TreeSet<>();
        if (schema.containsKey("type")) {
            types.addAll(JsonSchemaReader.types(schema.get("type"), at));
        } else if (constantList(schema, at) != null) {
            constantList(schema, at).forEach(value -> types.add(JsonText.type(value)));
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
                value instanceof Number number ? "" + number.doubleValue() : JsonText.write(value)));
        return written;
    }

    private static List<Object> constantList(Map<String, Object> schema, String at) {
        if (schema.containsKey("const")) {
            return new ArrayList<>(Collections.singletonList(schema.get("const")));
        }
        return schema.containsKey("enum") ? JsonSchemaReader.array(schema.get("enum"), at + "/enum") : null;
    }

    private static boolean areDisjointByProperty(Map<String, Object> left, Map<String, Object> right, String at) {
        if (!left.containsKey("required") || !right.containsKey("required")
                || !left.containsKey("properties") || !right.containsKey("properties")) {
            return false;
        }
        Set<Object> shared = new HashSet<>(JsonSchemaReader.array(left.get("required"), at));
        shared.retainAll(JsonSchemaReader.array(right.get("required"), at));
        Map<String, Object> leftProperties = JsonSchemaReader.object(left.get("properties"), at);
        Map<String, Object> rightProperties = JsonSchemaReader.object(right.get("properties"), at);
        return shared.stream().anyMatch(name -> leftProperties.get(name) instanceof Map<?, ?> a
                && rightProperties.get(name) instanceof Map<?, ?> b
                && areDisjoint(constants(JsonSchemaReader.object(a, at), at),
                        constants(JsonSchemaReader.object(b, at), at)));
    }
}
