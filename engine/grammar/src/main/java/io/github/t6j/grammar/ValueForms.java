package io.github.t6j.grammar;

import io.github.t6j.grammar.Expression.Call;
import io.github.t6j.grammar.Expression.Characters;
import io.github.t6j.grammar.Expression.Choice;
import io.github.t6j.grammar.Expression.Language;
import io.github.t6j.grammar.Expression.Repeat;
import io.github.t6j.grammar.Schemas.Excluded;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Values of each JSON type that keywords of a schema allow. */
final class ValueForms {
    static final Set<String> TYPES = new LinkedHashSet<>(
            List.of("object", "array", "string", "integer", "number", "boolean", "null"));
    private static final Map<String, Set<String>> KEYWORDS = keywords();
    /** Largest divisor, which is also the number of states of its automaton. */
    private static final int MAX_DIVISOR = 1000;

    /** Maximum number of unique items that may come in any order; more come in the order of the schema. */
    private static final int MAX_ANY_ORDER = 8;
    /** Maximum number of rules that count the members of an object, or items. */
    private static final int MAX_COUNTING = 20_000;
    /** Maximum number of numbers that are excluded from a range. */
    private static final int MAX_GAPS = 100;
    private static final Excluded NONE = new Excluded();

    /** Reader of the schemas inside values. */
    interface Inner {
        /** Returns the expression of a schema. */
        Expression call(Object schema, String at);

        /** Returns the values that a schema allows, if it lists them. */
        Optional<List<Object>> values(Object schema, String at);
    }

    private final Map<String, Expression> rules;
    private final Inner reader;

    /** @param rules rules to add to */
    ValueForms(Map<String, Expression> rules, Inner reader) {
        this.rules = rules;
        this.reader = reader;
    }

    private static Map<String, Set<String>> keywords() {
        Map<String, Set<String>> keywords = new LinkedHashMap<>();
        keywords.put("object", Set.of("properties", "required", "additionalProperties",
                "minProperties", "maxProperties"));
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
        return ofType(type, keywords, NONE, at);
    }

    Expression ofType(String type, Map<String, Object> keywords, Excluded excluded, String at) {
        return switch (type) {
            case "object" -> {
                excluded.checkNone(type, at);
                yield object(keywords, at);
            }
            case "array" -> {
                excluded.checkNone(type, at);
                yield array(keywords, at);
            }
            case "string" -> string(keywords, excluded, at);
            case "integer" -> number(keywords, true, excluded, at);
            case "number" -> number(keywords, false, excluded, at);
            case "boolean" -> constants(excluded, true, false);
            default -> constants(excluded, (Object) null);
        };
    }

    private static Expression constants(Excluded excluded, Object... values) {
        return new Choice(Stream.of(values).filter(value -> !excluded.contains(value))
                .map(value -> Expression.text(JsonText.write(value))).toList());
    }

    private Expression object(Map<String, Object> keywords, String at) {
        if (KEYWORDS.get("object").stream().noneMatch(keywords::containsKey)) {
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
        int min = count(keywords, "minProperties", 0, at);
        int max = count(keywords, "maxProperties", Expression.UNLIMITED, at);
        boolean isClosed = Boolean.FALSE.equals(additional);
        if (min <= required.size() && (max == Expression.UNLIMITED || isClosed && max >= properties.size())) {
            return JsonForms.object(members(properties, required, additional, at), required.isEmpty());
        }
        if (isClosed && min > properties.size()) {
            return JsonForms.nothing();
        }
        if (min > properties.size() + 1) {
            throw new IllegalArgumentException("schema at " + at + "/minProperties: expected at most "
                    + (properties.size() + 1) + ", the number of properties and one more, since the names of further"
                    + " members may be equal, found " + min);
        }
        List<Part> parts = new ArrayList<>();
        properties.forEach((name, schema) -> parts.add(
                new Part(member(name, schema, place(at, name)), required.contains(name))));
        Expression extra = extraMember(properties.keySet(), additional, at);
        return JsonForms.object(
                counted(parts, extra, !isClosed, min, max, at), min == 0 && required.isEmpty());
    }

    private static String place(String at, String name) {
        return at + "/properties/" + name.replace("~", "~0").replace("/", "~1");
    }

    /** Returns a call of the rule of a member. */
    private Expression member(String name, Object schema, String place) {
        rules.put(place + "~member", JsonForms.member(
                Expression.text(JsonText.quote(name)), reader.call(schema, place)));
        return new Call(place + "~member");
    }

    /** Member of an object or item of an array. */
    private record Part(Expression expression, boolean isRequired) {}

    /**
     * Returns at least one of {@code parts} in their order, then extra ones; together {@code min} to {@code max}, where
     * all extra ones count as one for {@code min}. A rule for each part and each count of those before it.
     */
    private Expression counted(
            List<Part> parts, Expression extra, boolean hasExtra, int min, int max, String at) {
        int most = max == Expression.UNLIMITED ? Math.max(1, min) : Math.min(max, parts.size());
        if ((parts.size() + 1L) * (most + 1L) > MAX_COUNTING) {
            throw new IllegalArgumentException("schema at " + at + ": expected at most " + MAX_COUNTING
                    + " properties or items times the number to count, found " + parts.size() + " times " + most);
        }
        for (int i = parts.size(); i >= 0; i--) {
            for (int count = 0; count <= Math.min(i, most); count++) {
                rules.put(at + "~counted" + i + "." + count, i == parts.size()
                        ? ending(extra, hasExtra, min - count, max, count)
                        : counted(parts.get(i), at + "~counted" + (i + 1) + ".", count, most, max));
            }
        }
        return new Call(at + "~counted0.0");
    }

    /** @param next beginning of the names of the rules of the next part @param most largest count that has rules of its own */
    private static Expression counted(Part part, String next, int count, int most, int max) {
        List<Expression> options = new ArrayList<>();
        if (max == Expression.UNLIMITED || count < max) {
            options.add(Expression.sequence(count == 0 ? Expression.EMPTY : JsonForms.COMMA, part.expression,
                    new Call(next + Math.min(count + 1, most))));
        }
        if (!part.isRequired) {
            options.add(new Call(next + count));
        }
        return new Choice(options);
    }

    /** Returns the extra parts after {@code count} others, of which {@code missing} are needed. */
    private static Expression ending(Expression extra, boolean hasExtra, int missing, int max, int count) {
        int more = max == Expression.UNLIMITED ? max : max - count;
        if (missing > (hasExtra ? 1 : 0) || missing > 0 && more == 0 || count == 0 && (!hasExtra || more == 0)) {
            return JsonForms.nothing();
        }
        if (!hasExtra || more == 0) {
            return Expression.EMPTY;
        }
        return count == 0
                ? JsonForms.list(extra, 1, more)
                : new Repeat(Expression.sequence(JsonForms.COMMA, extra), Math.max(0, missing), more);
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
            String place = place(at, name);
            Expression member = member(name, properties.get(name), place);
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
        return JsonForms.member(key, reader.call(additional, at + "/additionalProperties"));
    }

    private Expression array(Map<String, Object> keywords, String at) {
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
        if (Boolean.TRUE.equals(keywords.get("uniqueItems")) && max != 1) {
            return unique(prefix.isEmpty() ? reader.values(items, at + "/items") : Optional.empty(), min, max, at);
        }
        Expression item = reader.call(items, at + "/items");
        Expression all = prefix.isEmpty() ? JsonForms.list(item, min, max) : tuple(prefix, item, min, max, at);
        return JsonForms.array(all, min == 0);
    }

    /** Returns one item or more; the first ones match the schemas of {@code prefixItems}. */
    private Expression tuple(List<Object> prefix, Expression item, int min, int max, String at) {
        int listed = max == Expression.UNLIMITED ? prefix.size() : Math.min(max, prefix.size());
        Expression rest = new Repeat(Expression.sequence(JsonForms.COMMA, item), Math.max(0, min - listed),
                max == Expression.UNLIMITED ? max : max - listed);
        for (int i = listed - 1; i >= 0; i--) {
            Expression each = reader.call(prefix.get(i), at + "/prefixItems/" + i);
            Expression from = i == 0
                    ? Expression.sequence(each, rest)
                    : Expression.sequence(JsonForms.COMMA, each, rest);
            rest = i == 0 || i < min ? from : Expression.optional(from);
        }
        return rest;
    }

    /** Returns arrays without equal items: of few values in any order, of more in the order of the schema. */
    private Expression unique(Optional<List<Object>> items, int min, int max, String at) {
        List<Object> values = Schemas.distinct(items.orElseThrow(() -> new IllegalArgumentException("schema at " + at
                + ": uniqueItems is not supported for these items; expected an enum, a const, boolean or null as"
                + " items and no prefixItems, or maxItems 1")));
        if (values.size() < min) {
            return JsonForms.nothing();
        }
        List<Part> parts = new ArrayList<>();
        for (Object value : values) {
            String rule = at + "~value" + parts.size();
            rules.put(rule, Expression.text(JsonText.write(value)));
            parts.add(new Part(new Call(rule), false));
        }
        return JsonForms.array(parts.size() <= MAX_ANY_ORDER
                ? inAnyOrder(parts, min, max == Expression.UNLIMITED ? parts.size() : max, at)
                : counted(parts, JsonForms.nothing(), false, min, max, at + "/items"), min == 0);
    }

    /** Returns one part or more, each once: a rule for each set of those that were written, a bit each. */
    private Expression inAnyOrder(List<Part> parts, int min, int max, String at) {
        for (int written = (1 << parts.size()) - 1; written >= 0; written--) {
            int count = Integer.bitCount(written);
            List<Expression> options = new ArrayList<>();
            if (count > 0 && count >= min) {
                options.add(Expression.EMPTY);
            }
            for (int i = 0; i < parts.size() && count < max; i++) {
                if ((written >> i & 1) == 0) {
                    options.add(Expression.sequence(count == 0 ? Expression.EMPTY : JsonForms.COMMA,
                            parts.get(i).expression, new Call(at + "~written" + (written | 1 << i))));
                }
            }
            rules.put(at + "~written" + written, new Choice(options));
        }
        return new Call(at + "~written0");
    }

    /** Returns the automaton of texts that contain a match of the keyword {@code pattern}. */
    static Automaton pattern(Map<String, Object> keywords, String at) {
        String pattern = JsonSchemaReader.string(keywords.get("pattern"), at + "/pattern");
        return located(at + "/pattern", () -> Automaton.of(RegexReader.containing(pattern)));
    }

    private Expression string(Map<String, Object> keywords, Excluded excluded, String at) {
        int min = count(keywords, "minLength", 0, at);
        int max = count(keywords, "maxLength", Expression.UNLIMITED, at);
        if (max != Expression.UNLIMITED && max < min) {
            return JsonForms.nothing();
        }
        boolean sized = min > 0 || max != Expression.UNLIMITED;
        List<Automaton> languages = new ArrayList<>(located(at, excluded::strings));
        if (keywords.containsKey("pattern")) {
            languages.add(pattern(keywords, at));
        }
        if (keywords.containsKey("format")) {
            String format = JsonSchemaReader.string(keywords.get("format"), at + "/format");
            if (StringFormats.regex(format) == null) {
                throw new IllegalArgumentException("schema at " + at + ": format " + format
                        + " is not supported; expected one of " + StringFormats.names());
            }
            Expression texts = RegexReader.whole(StringFormats.regex(format));
            if (languages.isEmpty() && !sized) {
                return JsonForms.quoted(texts); // formats need no escapes
            }
            languages.add(Automaton.of(texts));
        }
        if (languages.isEmpty()) {
            return sized
                    ? JsonForms.quoted(new Repeat(new Call(JsonForms.CHARACTER), min, max))
                    : new Call(JsonForms.STRING);
        }
        if (sized) {
            languages.add(located(at, () -> Automaton.of(new Repeat(new Characters(CodePoints.ALL), min, max))));
        }
        Automaton all = located(at, () -> languages.stream().reduce(Automaton::intersect).orElseThrow());
        return JsonForms.quoted(new Language(all, JsonForms.CONTROL));
    }

    private static <T> T located(String at, Supplier<T> work) {
        try {
            return work.get();
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("schema at " + at + ": " + e.getMessage(), e);
        }
    }

    private static Expression number(Map<String, Object> keywords, boolean integer, Excluded excluded, String at) {
        boolean ranged = KEYWORDS.get("number").stream().anyMatch(keywords::containsKey);
        List<BigDecimal> gaps = excluded.numbers(at + "/not");
        if (!ranged && gaps.isEmpty()) {
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
        return without(gaps, new NumberRange(integer || keywords.containsKey("multipleOf"), aboveMin ? above : min,
                belowMax ? below : max, aboveMin, belowMax, divisor), at);
    }

    /** Returns the ranges between excluded numbers. @param gaps excluded numbers, ascending */
    private static Expression without(List<BigDecimal> gaps, NumberRange range, String at) {
        if (gaps.size() > MAX_GAPS) {
            throw new IllegalArgumentException("schema at " + at + "/not: expected at most " + MAX_GAPS
                    + " numbers, found " + gaps.size());
        }
        List<Expression> pieces = new ArrayList<>();
        NumberRange rest = range;
        for (BigDecimal gap : gaps) {
            if ((rest.min() == null || gap.compareTo(rest.min()) >= 0)
                    && (rest.max() == null || gap.compareTo(rest.max()) <= 0)) {
                pieces.add(new NumberRange(
                        rest.integer(), rest.min(), gap, rest.aboveMin(), true, rest.multipleOf()).expression());
                rest = new NumberRange(
                        rest.integer(), gap, rest.max(), true, rest.belowMax(), rest.multipleOf());
            }
        }
        pieces.add(rest.expression());
        return new Choice(pieces);
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
