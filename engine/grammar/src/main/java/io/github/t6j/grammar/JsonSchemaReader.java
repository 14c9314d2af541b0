package io.github.t6j.grammar;

import io.github.t6j.ModelFormatException;
import io.github.t6j.grammar.Expression.Call;
import io.github.t6j.grammar.Expression.Choice;
import io.github.t6j.json.Json;
import java.math.BigDecimal;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Reader of JSON schemas (draft 2020-12). Each schema becomes a rule, which is named by its JSON pointer. Keywords that
 * are not supported are rejected by name, so that a text never breaks one of them.
 *
 * <p>An object with {@code properties} has no others unless {@code additionalProperties} allows them; its members
 * follow the order of the schema.
 */
final class JsonSchemaReader implements ValueForms.Inner {
    static final String ROOT = "root";
    /** Keywords that do not restrict values. */
    static final Set<String> ANNOTATIONS = Set.of("title", "description", "default", "examples", "$schema", "$id",
            "$comment", "$defs", "definitions", "deprecated", "readOnly", "writeOnly", "discriminator", "example",
            "externalDocs", "contentMediaType", "contentEncoding", "$anchor", "$vocabulary");
    /** Maximum number of values of an enum; each is a way to read the first character of a text. */
    private static final int MAX_CONSTANTS = 10_000;
    private static final Set<String> COMBINING = Set.of("$ref", "allOf", "anyOf", "oneOf", "const", "enum", "type",
            "not");
    /** Deepest chain of references and combinations that is followed to merge schemas. */
    private static final int MAX_DEPTH = 100;
    /** Maximum number of schemas, and of merged ones. */
    private static final int MAX_RULES = 20_000;
    /** Deepest nesting of schemas, including references. */
    private static final int MAX_NESTING = 500;

    private final Object document;
    private final Map<String, Expression> rules = new LinkedHashMap<>();
    private final Map<Map<String, Object>, String> merged = new HashMap<>(); // place of the first that is equal
    private int schemas;
    private int merges;
    private int nesting;
    private final ValueForms forms = new ValueForms(rules, this);

    private JsonSchemaReader(Object document) {
        this.document = document;
    }

    /**
     * Returns the rules of {@code schema}; a whole text matches {@link #ROOT}.
     *
     * @throws IllegalArgumentException if it is not JSON, or no schema, or uses an unsupported keyword
     */
    static Map<String, Expression> read(String schema) {
        Object document;
        try {
            document = Json.parse(schema.getBytes(StandardCharsets.UTF_8), "schema");
        } catch (ModelFormatException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
        JsonSchemaReader reader = new JsonSchemaReader(document);
        JsonForms.addRules(reader.rules);
        reader.rules.put(ROOT, Expression.sequence(JsonForms.BLANK, reader.call(document, "#")));
        return reader.rules;
    }

    /** Returns a call of the rule of {@code schema}, which is created if it is new. */
    @Override
    public Expression call(Object schema, String at) {
        if (!rules.containsKey(at)) {
            Nodes.checkInterrupt();
            if (++schemas > MAX_RULES || ++nesting > MAX_NESTING) {
                throw new IllegalArgumentException("schema at " + at + ": expected at most " + MAX_RULES
                        + " schemas, " + MAX_NESTING + " within each other, found more");
            }
            rules.put(at, Expression.EMPTY); // found by schemas inside that refer to this one
            rules.put(at, value(schema, at));
            nesting--;
        }
        return new Call(at);
    }

    /** Returns a call of the rule of a merged schema; equal ones share a rule, so that a recursive schema ends. */
    private Expression callMerged(Map<String, Object> schema, String at) {
        String first = merged.putIfAbsent(schema, at + "~merged");
        return call(schema, first == null ? at + "~merged" : first);
    }

    private Expression value(Object schema, String at) {
        if (schema instanceof Boolean allowed) {
            return allowed ? new Call(JsonForms.VALUE) : JsonForms.nothing();
        }
        Map<String, Object> keywords = new LinkedHashMap<>(object(schema, at));
        keywords.keySet().removeAll(ANNOTATIONS);
        keywords.remove("propertyNames", Map.of("type", "string")); // true of every name; generators write it for maps
        for (String keyword : keywords.keySet()) {
            if (!COMBINING.contains(keyword) && !ValueForms.isKeyword(keyword)) {
                throw new IllegalArgumentException("schema at " + at + ": keyword " + keyword + " is not supported");
            }
        }
        if (keywords.containsKey("$ref")) {
            return reference(keywords, at);
        }
        if (keywords.containsKey("allOf")) {
            return callMerged(flat(keywords, at, 0), at);
        }
        for (String keyword : List.of("anyOf", "oneOf")) {
            if (keywords.containsKey(keyword)) {
                return options(keywords, keyword, at);
            }
        }
        return plain(keywords, at);
    }

    private Expression reference(Map<String, Object> keywords, String at) {
        String pointer = string(keywords.get("$ref"), at + "/$ref");
        if (keywords.size() == 1) {
            return call(resolve(pointer, at), pointer);
        }
        return callMerged(flat(keywords, at, 0), at);
    }

    /** Returns keywords without {@code $ref} and {@code allOf}, whose schemas are merged into them. */
    private Map<String, Object> flat(Map<String, Object> keywords, String at, int depth) {
        if (depth > MAX_DEPTH) {
            throw new IllegalArgumentException("schema at " + at + ": expected schemas that end, found $ref or allOf"
                    + " that lead back to themselves");
        }
        Map<String, Object> whole = new LinkedHashMap<>(keywords);
        List<Object> further = new ArrayList<>();
        if (whole.remove("$ref") instanceof String pointer) {
            further.add(resolve(pointer, at));
        }
        if (whole.containsKey("allOf")) {
            further.addAll(array(whole.remove("allOf"), at + "/allOf"));
        }
        for (Object schema : further) {
            if (++merges > MAX_RULES) {
                throw new IllegalArgumentException(
                        "schema at " + at + ": expected at most " + MAX_RULES + " schemas to merge, found more");
            }
            whole = Schemas.merge(whole, flat(open(schema, at), at, depth + 1), at);
        }
        return whole;
    }

    /** Returns the keywords of a schema that may be {@code true}. */
    private static Map<String, Object> open(Object schema, String at) {
        if (Boolean.FALSE.equals(schema)) {
            throw new IllegalArgumentException("schema at " + at + ": expected a schema that a value can match, found"
                    + " false");
        }
        return Boolean.TRUE.equals(schema) ? Map.of() : object(schema, at);
    }

    private Expression options(Map<String, Object> keywords, String keyword, String at) {
        Map<String, Object> rest = new LinkedHashMap<>(keywords);
        List<Object> options = array(rest.remove(keyword), at + "/" + keyword);
        if (keyword.equals("oneOf")) {
            Schemas.checkDisjoint(options.stream().map(option -> option instanceof Map<?, ?>
                    ? flat(object(option, at), at, 0)
                    : Map.<String, Object>of()).toList(), at);
        }
        List<Expression> expressions = new ArrayList<>();
        for (int i = 0; i < options.size(); i++) {
            String place = at + "/" + keyword + "/" + i;
            if (rest.isEmpty() || Boolean.FALSE.equals(options.get(i))) {
                expressions.add(call(options.get(i), place));
            } else {
                Map<String, Object> option = flat(open(options.get(i), place), place, 0);
                expressions.add(callMerged(Schemas.merge(rest, option, place), place));
            }
        }
        return new Choice(expressions);
    }

    /** Returns the expression of a schema without references and combinations. */
    private Expression plain(Map<String, Object> keywords, String at) {
        if (keywords.containsKey("not")) {
            return without(keywords, at);
        }
        if (keywords.containsKey("const") || keywords.containsKey("enum")) {
            return choice(constants(keywords, at));
        }
        if (keywords.containsKey("type")) {
            return new Choice(types(keywords.get("type"), at).stream()
                    .map(type -> forms.ofType(type, keywords, at))
                    .toList());
        }
        return keywords.isEmpty()
                ? new Call(JsonForms.VALUE)
                : forms.ofType(ValueForms.impliedType(keywords, at), keywords, at);
    }

    /** Returns the values of a schema that its {@code not} leaves. */
    private Expression without(Map<String, Object> keywords, String at) {
        Map<String, Object> rest = new LinkedHashMap<>(keywords);
        Object not = rest.remove("not");
        if (not instanceof Map<?, ?> map && map.keySet().equals(Set.of("not"))) {
            return callMerged(Schemas.merge(rest, flat(open(map.get("not"), at + "/not/not"), at, 0), at), at);
        }
        Schemas.Excluded excluded = new Schemas.Excluded();
        if (excludesAll(not, excluded, at + "/not")) {
            return JsonForms.nothing();
        }
        if (rest.containsKey("const") || rest.containsKey("enum")) {
            return choice(constants(rest, at).stream().filter(value -> !excluded.contains(value)).toList());
        }
        Set<String> all = new LinkedHashSet<>(ValueForms.TYPES);
        if (rest.containsKey("type")) {
            all = types(rest.get("type"), at);
        } else if (!rest.isEmpty()) {
            all = Set.of(ValueForms.impliedType(rest, at));
        }
        List<Expression> left = new ArrayList<>();
        for (String type : excluded.left(all)) {
            List<Map<String, Object>> each = type.equals("object") ? excluded.objects(rest, at) : List.of(rest);
            for (int i = 0; i < each.size(); i++) {
                left.add(forms.ofType(type, each.get(i), excluded, i == 0 ? at : at + "~left" + i));
            }
        }
        return new Choice(left);
    }

    /** Adds the values that a schema excludes; returns true if these are all. */
    private boolean excludesAll(Object schema, Schemas.Excluded excluded, String at) {
        if (schema instanceof Boolean all) {
            return all;
        }
        Map<String, Object> keywords = new LinkedHashMap<>(flat(object(schema, at), at, 0));
        keywords.keySet().removeAll(ANNOTATIONS);
        if (keywords.keySet().equals(Set.of("anyOf"))) {
            boolean all = false;
            for (Object option : array(keywords.get("anyOf"), at + "/anyOf")) {
                all |= excludesAll(option, excluded, at + "/anyOf");
            }
            return all;
        }
        if (!keywords.isEmpty()) {
            excluded.add(keywords, at);
        }
        return keywords.isEmpty();
    }

    @Override
    public Optional<List<Object>> values(Object schema, String at) {
        if (schema instanceof Boolean all) {
            return all ? Optional.empty() : Optional.of(List.of());
        }
        Map<String, Object> keywords = new LinkedHashMap<>(flat(object(schema, at), at, 0));
        keywords.keySet().removeAll(ANNOTATIONS);
        if (keywords.containsKey("const") || keywords.containsKey("enum")) {
            return Optional.of(constants(keywords, at));
        }
        List<Object> values = new ArrayList<>();
        if (!keywords.keySet().equals(Set.of("type"))) {
            return Optional.empty();
        }
        Set<String> types = types(keywords.get("type"), at);
        if (types.contains("boolean")) {
            values.addAll(List.of(true, false));
        }
        if (types.contains("null")) {
            values.add(null);
        }
        return Set.of("boolean", "null").containsAll(types) ? Optional.of(values) : Optional.empty();
    }

    private static Expression choice(List<Object> constants) {
        return new Choice(constants.stream().map(value -> Expression.text(JsonText.write(value))).toList());
    }

    /** Returns the values of {@code const} or {@code enum} that have the type of the same schema. */
    static List<Object> constants(Map<String, Object> keywords, String at) {
        List<Object> values = new ArrayList<>();
        if (keywords.containsKey("const")) {
            values.add(keywords.get("const"));
        } else {
            values.addAll(array(keywords.get("enum"), at + "/enum"));
        }
        for (String keyword : keywords.keySet()) {
            if (!keyword.equals("const") && !keyword.equals("enum") && !keyword.equals("type")
                    || keywords.containsKey("const") && keyword.equals("enum")) {
                throw new IllegalArgumentException("schema at " + at + ": " + keyword
                        + " together with const or enum is not supported; leave out values that it excludes");
            }
        }
        if (keywords.containsKey("type")) {
            Set<String> types = types(keywords.get("type"), at);
            values.removeIf(value -> {
                String type = JsonText.type(value);
                return !types.contains(type) && !(type.equals("integer") && types.contains("number"));
            });
        }
        if (values.size() > MAX_CONSTANTS) {
            throw new IllegalArgumentException("schema at " + at + "/enum: expected at most " + MAX_CONSTANTS
                    + " values, found " + values.size());
        }
        values.forEach(value -> checkNumbers(value, at));
        return values;
    }

    /** Checks that no number of a constant is rounded. */
    private static void checkNumbers(Object value, String at) {
        switch (value) {
            case Number number -> number(number, at);
            case List<?> list -> list.forEach(element -> checkNumbers(element, at));
            case Map<?, ?> map -> map.values().forEach(element -> checkNumbers(element, at));
            case null, default -> {
            }
        }
    }

    private Object resolve(String pointer, String at) {
        if (!pointer.equals("#") && !pointer.matches("#/(?:[^~]|~[01])*")) {
            throw new IllegalArgumentException("schema at " + at + ": $ref " + pointer
                    + " is not supported; expected a JSON pointer within the schema, such as #/$defs/name");
        }
        Object found = document;
        for (String part : pointer.substring(1).split("/", -1)) {
            if (!part.isEmpty() || found != document) {
                found = member(found, part.replace("~1", "/").replace("~0", "~"), pointer, at);
            }
        }
        return found;
    }

    private static Object member(Object value, String name, String pointer, String at) {
        if (value instanceof Map<?, ?> map && map.containsKey(name)) {
            return map.get(name);
        }
        if (value instanceof Map<?, ?> map && map.containsKey(decoded(name))) {
            return map.get(decoded(name));
        }
        if (value instanceof List<?> list && name.matches("\\d{1,6}") && Integer.parseInt(name) < list.size()) {
            return list.get(Integer.parseInt(name));
        }
        throw new IllegalArgumentException("schema at " + at + ": expected a schema at " + pointer + ", found none");
    }

    /** Returns a part of a URI with its %XX decoded, or unchanged if they are invalid. */
    private static String decoded(String part) {
        try {
            return URLDecoder.decode(part.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException wrong) {
            return part;
        }
    }

    static Set<String> types(Object type, String at) {
        Set<String> types = new LinkedHashSet<>();
        for (Object each : type instanceof List<?> list ? list : Collections.singletonList(type)) {
            String name = string(each, at + "/type");
            if (!ValueForms.TYPES.contains(name)) {
                throw new IllegalArgumentException("schema at " + at + ": expected a type of "
                        + String.join(", ", ValueForms.TYPES) + ", found " + name);
            }
            types.add(name);
        }
        return types;
    }

    @SuppressWarnings("unchecked")
    static Map<String, Object> object(Object value, String at) {
        if (value instanceof Map<?, ?> map) {
            return (Map<String, Object>) map;
        }
        throw wrong(value, "an object", at);
    }

    @SuppressWarnings("unchecked")
    static List<Object> array(Object value, String at) {
        if (value instanceof List<?> list) {
            return (List<Object>) list;
        }
        throw wrong(value, "an array", at);
    }

    static String string(Object value, String at) {
        if (value instanceof String string) {
            return string;
        }
        throw wrong(value, "a string", at);
    }

    /** Returns a number; one that JSON's reader rounds to double is rejected, as a bound would move. */
    static BigDecimal number(Object value, String at) {
        return switch (value) {
            case Long integer -> BigDecimal.valueOf(integer);
            case Double real when Math.abs(real) < 1L << 53 -> BigDecimal.valueOf(real);
            case null, default -> throw wrong(value, "a number of at most 15 digits", at);
        };
    }

    private static IllegalArgumentException wrong(Object value, String expected, String at) {
        return new IllegalArgumentException(
                "schema at " + at + ": expected " + expected + ", found " + JsonText.write(value));
    }
}
