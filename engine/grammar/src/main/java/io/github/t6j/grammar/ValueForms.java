package io.github.t6j.grammar;

import io.github.t6j.grammar.Expression.Call;
import io.github.t6j.grammar.Expression.Characters;
import io.github.t6j.grammar.Expression.Choice;
import io.github.t6j.grammar.Expression.Language;
import io.github.t6j.grammar.Expression.Repeat;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Supplier;

/** Values of each JSON type that keywords of a schema allow. */
final class ValueForms {
    static final Set<String> TYPES = new LinkedHashSet<>(
            List.of("object", "array", "string", "integer", "number", "boolean", "null"));
    private static final Map<String, Set<String>> KEYWORDS = keywords();
    /** Largest divisor, which is also the number of states of its automaton. */
    private static final int MAX_DIVISOR = 1000;

    private final Map<String, Expression> rules;
    private final BiFunction<Object, String, Expression> reader;

    /**
     * @param rules rules to add to
     * @param reader returns the expression of a schema at a place
     */
    ValueForms(Map<String, Expression> rules, BiFunction<Object, String, Expression> reader) {
        this.rules = rules;
        this.reader = reader;
    }

    private static Map<String, Set<String>> keywords() {
        Map<String, Set<String>> keywords = new LinkedHashMap<>();
        keywords.put("object", Set.of("properties", "required", "additionalProperties"));
        keywords.put("array", Set.of("items", "prefixItems", "minItems", "maxItems", "uniqueItems"));
        keywords.put("string", Set.of("pattern", "format", "minLength", "maxLength"));
        keywords.put("number", Set.of("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"));
        return keywords;
    }

    static boolean isKeyword(String keyword) {
        return KEYWORDS.values().stream().anyMatch(set -> set.contains(keyword));
    }

    /** Returns the type that keywords without {@code type} are about. */
    static String impliedType(Map<String, Object> keywords, String at) {
        List<String> types = KEYWORDS.keySet().stream()
                .filter(type -> KEYWORDS.get(type).stream().anyMatch(keywords::containsKey))
                .toList();
        if (types.size() == 1) {
            return types.getFirst();
        }
        throw new IllegalArgumentException(
                "schema at " + at + ": expected a type, found keywords of " + String.join(" and ", types));
    }

    Expression ofType(String type, Map<String, Object> keywords, String at) {
        return switch (type) {
            case "object" -> object(keywords, at);
            case "array" -> array(keywords, at);
            case "string" -> string(keywords, at);
            case "integer" -> number(keywords, true, at);
            case "number" -> number(keywords, false, at);
            case "boolean" -> Expression.choice(Expression.text("true"), Expression.text("false"));
            default -> Expression.text("null");
        };
    }

    private Expression object(Map<String, Object> keywords, String at) {
        if (!keywords.containsKey("properties") && !keywords.containsKey("required")
                && !keywords.containsKey("additionalProperties")) {
            return new Call(JsonForms.OBJECT);
        }
        Object additional = keywords.getOrDefault("additionalProperties", !keywords.containsKey("properties"));
        Map<String, Object> properties = new LinkedHashMap<>();
        if (keywords.containsKey("properties")) {
            properties.putAll(JsonSchemaReader.object(keywords.get("properties"), at + "/properties"));
        }
        Set<String> required = new LinkedHashSet<>();
        if (keywords.containsKey("required")) {
            JsonSchemaReader.array(keywords.get("required"), at + "/required")
                    .forEach(name -> required.add(JsonSchemaReader.string(name, at + "/required")));
        }
        Object unnamed = keywords.getOrDefault("additionalProperties", true);
        for (String name : required) {
            if (!properties.containsKey(name) && Boolean.FALSE.equals(unnamed)) {
                throw new IllegalArgumentException("schema at " + at + "/required: expected members that the schema"
                        + " allows, found \"" + name + "\", which has no value: add it to properties");
            }
            properties.putIfAbsent(name, unnamed);
        }
        return JsonForms.object(members(properties, required, additional, at), required.isEmpty());
    }

    /** Returns one member or more in the order of the schema; optional members may be omitted. */
    private Expression members(
            Map<String, Object> properties, Set<String> required, Object additional, String at) {
        Expression extra = extraMember(properties.keySet(), additional, at);
        Expression first = JsonForms.list(extra, 1, Expression.UNLIMITED); // members from here on, none before them
        rules.put(at + "~rest", new Repeat(
                Expression.sequence(JsonForms.COMMA, extra), 0, Expression.UNLIMITED));
        Expression rest = new Call(at + "~rest"); // members from here on after others
        for (String name : List.copyOf(properties.keySet()).reversed()) {
            String place = at + "/properties/" + name.replace("~", "~0").replace("/", "~1");
            rules.put(place + "~member", JsonForms.member(
                    Expression.text(JsonText.quote(name)), reader.apply(properties.get(name), place)));
            Expression member = new Call(place + "~member");
            Expression beginning = Expression.sequence(member, rest);
            rules.put(place + "~first", required.contains(name) ? beginning : Expression.choice(beginning, first));
            first = new Call(place + "~first");
            Expression next = Expression.sequence(JsonForms.COMMA, member);
            rules.put(place + "~onwards", Expression.sequence(
                    required.contains(name) ? next : Expression.optional(next), rest));
            rest = new Call(place + "~onwards");
        }
        return first;
    }

    private Expression extraMember(Set<String> names, Object additional, String at) {
        if (Boolean.FALSE.equals(additional)) {
            return JsonForms.nothing();
        }
        Expression key = new Call(JsonForms.STRING);
        if (!names.isEmpty()) {
            Automaton known = Automaton.of(new Choice(names.stream().map(Expression::text).toList()));
            key = JsonForms.quoted(new Language(known.complement(), JsonForms.CONTROL));
        }
        return JsonForms.member(key, reader.apply(additional, at + "/additionalProperties"));
    }

    private Expression array(Map<String, Object> keywords, String at) {
        if (Boolean.TRUE.equals(keywords.get("uniqueItems"))) {
            throw new IllegalArgumentException("schema at " + at + ": uniqueItems is not supported");
        }
        int min = count(keywords, "minItems", 0, at);
        int max = count(keywords, "maxItems", Expression.UNLIMITED, at);
        List<Object> prefix = keywords.containsKey("prefixItems")
                ? JsonSchemaReader.array(keywords.get("prefixItems"), at + "/prefixItems")
                : List.of();
        if (keywords.get("items") instanceof List<?>) {
            throw new IllegalArgumentException("schema at " + at
                    + ": a list of items is not supported; use prefixItems of draft 2020-12");
        }
        Object items = keywords.getOrDefault("items", true);
        if (Boolean.FALSE.equals(items)) {
            max = max == Expression.UNLIMITED ? prefix.size() : Math.min(max, prefix.size());
        }
        if (max != Expression.UNLIMITED && max < min) {
            return JsonForms.nothing();
        }
        if (max == 0) {
            return JsonForms.array(JsonForms.nothing(), true);
        }
        Expression item = reader.apply(items, at + "/items");
        Expression all = prefix.isEmpty() ? JsonForms.list(item, min, max) : tuple(prefix, item, min, max, at);
        return JsonForms.array(all, min == 0);
    }

    /** Returns one item or more; the first ones match the schemas of {@code prefixItems}. */
    private Expression tuple(List<Object> prefix, Expression item, int min, int max, String at) {
        int listed = max == Expression.UNLIMITED ? prefix.size() : Math.min(max, prefix.size());
        Expression rest = new Repeat(Expression.sequence(JsonForms.COMMA, item), Math.max(0, min - listed),
                max == Expression.UNLIMITED ? max : max - listed);
        for (int i = listed - 1; i >= 0; i--) {
            Expression each = reader.apply(prefix.get(i), at + "/prefixItems/" + i);
            Expression from = i == 0
                    ? Expression.sequence(each, rest)
                    : Expression.sequence(JsonForms.COMMA, each, rest);
            rest = i == 0 || i < min ? from : Expression.optional(from);
        }
        return rest;
    }

    private Expression string(Map<String, Object> keywords, String at) {
        int min = count(keywords, "minLength", 0, at);
        int max = count(keywords, "maxLength", Expression.UNLIMITED, at);
        if (max != Expression.UNLIMITED && max < min) {
            return JsonForms.nothing();
        }
        boolean sized = min > 0 || max != Expression.UNLIMITED;
        List<Expression> languages = new ArrayList<>();
        if (keywords.containsKey("pattern")) {
            String pattern = JsonSchemaReader.string(keywords.get("pattern"), at + "/pattern");
            languages.add(located(at + "/pattern", () -> RegexReader.containing(pattern)));
        }
        if (keywords.containsKey("format")) {
            String format = JsonSchemaReader.string(keywords.get("format"), at + "/format");
            if (StringFormats.regex(format) == null) {
                throw new IllegalArgumentException("schema at " + at + ": format " + format
                        + " is not supported; expected one of " + StringFormats.names());
            }
            languages.add(RegexReader.whole(StringFormats.regex(format)));
            if (languages.size() == 1 && !sized) {
                return JsonForms.quoted(languages.getFirst()); // formats need no escapes
            }
        }
        if (languages.isEmpty()) {
            return sized
                    ? JsonForms.quoted(new Repeat(new Call(JsonForms.CHARACTER), min, max))
                    : new Call(JsonForms.STRING);
        }
        if (sized) {
            languages.add(new Repeat(new Characters(CodePoints.ALL), min, max));
        }
        Automaton all = located(at,
                () -> languages.stream().map(Automaton::of).reduce(Automaton::intersect).orElseThrow());
        return JsonForms.quoted(new Language(all, JsonForms.CONTROL));
    }

    private static <T> T located(String at, Supplier<T> work) {
        try {
            return work.get();
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("schema at " + at + ": " + e.getMessage(), e);
        }
    }

    private static Expression number(Map<String, Object> keywords, boolean integer, String at) {
        boolean ranged = KEYWORDS.get("number").stream().anyMatch(keywords::containsKey);
        if (!ranged) {
            return integer ? JsonForms.INTEGER : JsonForms.NUMBER;
        }
        int divisor = 1;
        if (keywords.containsKey("multipleOf")) {
            BigDecimal number = bound(keywords, "multipleOf", at);
            if (number.stripTrailingZeros().scale() > 0 || number.signum() <= 0
                    || number.compareTo(BigDecimal.valueOf(MAX_DIVISOR)) > 0) {
                throw new IllegalArgumentException("schema at " + at + ": multipleOf " + number
                        + " is not supported; expected an integer from 1 to " + MAX_DIVISOR);
            }
            divisor = number.intValue();
        }
        BigDecimal min = bound(keywords, "minimum", at);
        BigDecimal above = bound(keywords, "exclusiveMinimum", at);
        boolean aboveMin = above != null && (min == null || above.compareTo(min) >= 0);
        BigDecimal max = bound(keywords, "maximum", at);
        BigDecimal below = bound(keywords, "exclusiveMaximum", at);
        boolean belowMax = below != null && (max == null || below.compareTo(max) <= 0);
        return new NumberRange(integer || keywords.containsKey("multipleOf"), aboveMin ? above : min,
                belowMax ? below : max, aboveMin, belowMax, divisor).expression();
    }

    private static BigDecimal bound(Map<String, Object> keywords, String keyword, String at) {
        return keywords.containsKey(keyword)
                ? JsonSchemaReader.number(keywords.get(keyword), at + "/" + keyword)
                : null;
    }

    private static int count(Map<String, Object> keywords, String keyword, int absent, String at) {
        if (!keywords.containsKey(keyword)) {
            return absent;
        }
        BigDecimal number = JsonSchemaReader.number(keywords.get(keyword), at + "/" + keyword);
        if (number.signum() < 0 || number.stripTrailingZeros().scale() > 0
                || number.compareTo(BigDecimal.valueOf(Automaton.MAX_STATES)) > 0) {
            throw new IllegalArgumentException("schema at " + at + "/" + keyword + ": expected an integer from 0 to "
                    + Automaton.MAX_STATES + ", found " + number);
        }
        return number.intValue();
    }
}
