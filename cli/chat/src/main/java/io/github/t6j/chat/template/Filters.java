package io.github.t6j.chat.template;

import io.github.t6j.chat.template.Builtin.Given;
import io.github.t6j.chat.template.Value.Array;
import io.github.t6j.chat.template.Value.Dict;
import io.github.t6j.chat.template.Value.Int;
import io.github.t6j.chat.template.Value.Lazy;
import io.github.t6j.chat.template.Value.None;
import io.github.t6j.chat.template.Value.Real;
import io.github.t6j.chat.template.Value.Text;
import io.github.t6j.chat.template.Value.Tuple;
import io.github.t6j.chat.template.Value.Undefined;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Jinja2's filters. The result of {@code safe} is ordinary text, since nothing is escaped here. */
final class Filters {
    static final Builtin.Table TABLE = new Builtin.Table("filter")
            .with("capitalize", "", (value, given, e) -> e.budget().text(Strings.capitalize(e.print(value))))
            .with("default", "default_value? boolean?", Filters::orDefault)
            .with("d", "default")
            .with("dictsort", "case_sensitive? by? reverse?", Filters::dictsort)
            .with("first", "", (value, given, e) -> first(e.access().items(value)))
            .with("float", "default?", (value, given, e) -> real(value, given))
            .with("indent", "width? first? blank?", Filters::indent)
            .with("int", "default?", (value, given, e) -> whole(value, given))
            .with("items", "", Filters::items)
            .with("join", "d? attribute?", Filters::join)
            .with("last", "", Filters::last)
            .with("length", "", (value, given, e) -> new Int(length(value)))
            .with("count", "length")
            .with("list", "", (value, given, e) -> new Array(copy(e.access().items(value), e)))
            .with("lower", "", (value, given, e) -> e.budget().text(Strings.lower(e.print(value))))
            .with("map", "...", Filters::map)
            .with("reject", "...", (value, given, e) -> select(value, given, e, false))
            .with("rejectattr", "...", (value, given, e) -> selectByAttribute(value, given, e, false))
            .with("replace", "old new count?", Filters::replace)
            .with("reverse", "", Filters::reverse)
            .with("safe", "", (value, given, e) -> e.budget().text(e.print(value)))
            .with("select", "...", (value, given, e) -> select(value, given, e, true))
            .with("selectattr", "...", (value, given, e) -> selectByAttribute(value, given, e, true))
            .with("sort", "reverse? case_sensitive? attribute?", Filters::sort)
            .with("string", "", (value, given, e) -> e.budget().text(e.print(value)))
            .with("tojson", "ensure_ascii? indent? separators? sort_keys?", Filters::tojson)
            .with("title", "", (value, given, e) -> title(e.print(value), e))
            .with("trim", "chars?", Filters::trim)
            .with("unique", "case_sensitive? attribute?", Filters::unique)
            .with("upper", "", (value, given, e) -> e.budget().text(Strings.upper(e.print(value))));

    /** Numbers that Python's float() reads, except the names of infinities and NaN. */
    private static final Pattern NUMBER = Pattern.compile("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?");
    private static final Pattern WHOLE = Pattern.compile("[+-]?\\d+");
    private static final Pattern WORD =
            Pattern.compile("[-\\s({\\[<]+|[^-\\s({\\[<]+", Pattern.UNICODE_CHARACTER_CLASS);
    /** Texts that Python may read as a number, and this class does not: other digits, digits with _ between them. */
    private static final Pattern PERHAPS =
            Pattern.compile("(?i)[+-]?(nan|inf|infinity)|(?=.*[_\\P{ASCII}])[\\p{Nd}_.e+-]+", Pattern.DOTALL);

    private Filters() {}

    private static List<Value> copy(List<Value> items, Evaluator e) {
        e.budget().elements(items.size());
        return new ArrayList<>(items);
    }

    private static Value orDefault(Value value, Given given, Evaluator e) {
        boolean absent = value instanceof Undefined || given.truth("boolean") && !Comparisons.truth(value);
        return absent ? given.get("default_value", Value.EMPTY) : value;
    }

    private static Value first(List<Value> items) {
        return items.isEmpty() ? new Undefined("the first item of an empty list") : items.getFirst();
    }

    private static Value last(Value value, Given given, Evaluator e) {
        if (value instanceof Lazy) {
            throw new Fault("last: expected a list, found an iterator");
        }
        List<Value> items = e.access().items(value);
        return items.isEmpty() ? new Undefined("the last item of an empty list") : items.getLast();
    }

    static long length(Value value) {
        return switch (value) {
            case Text(String text) -> Strings.length(text);
            case Undefined undefined -> 0;
            case Dict(Map<String, Value> entries) -> entries.size();
            case Array(List<Value> items) -> items.size();
            case Tuple(List<Value> items) -> items.size();
            case Value.Range(List<Value> items) -> items.size();
            case Value.View(List<Value> items) -> items.size();
            default -> throw new Fault("length: expected a list or a text, found " + value.kind());
        };
    }

    private static Value items(Value value, Given given, Evaluator e) {
        return switch (value) {
            case Undefined undefined -> new Lazy(List.of());
            case Dict(Map<String, Value> entries) -> new Lazy(pairs(entries, e));
            default -> throw new Fault("items: expected a dict, found " + value.kind());
        };
    }

    static List<Value> pairs(Map<String, Value> entries, Evaluator e) {
        e.budget().elements(4L * entries.size());
        List<Value> pairs = new ArrayList<>(entries.size());
        entries.forEach((key, value) -> pairs.add(new Tuple(List.of(new Text(key), value))));
        return pairs;
    }

    private static Value trim(Value value, Given given, Evaluator e) {
        return e.budget().text(Strings.strip(e.print(value), given.text("chars"), true, true));
    }

    private static Value replace(Value value, Given given, Evaluator e) {
        String text = e.print(value);
        String old = e.print(given.get("old"));
        String by = e.print(given.get("new"));
        return new Text(Strings.replace(text, old, by, given.whole("count", -1), e.budget()));
    }

    private static Value reverse(Value value, Given given, Evaluator e) {
        List<Value> items = copy(e.access().items(value), e).reversed();
        if (!(value instanceof Text)) {
            return value instanceof Lazy ? new Array(items) : new Lazy(items);
        }
        StringBuilder text = new StringBuilder();
        items.forEach(character -> text.append(((Text) character).value()));
        return e.budget().text(text.toString());
    }

    private static Value join(Value value, Given given, Evaluator e) {
        String separator = e.print(given.get("d", Value.EMPTY));
        StringBuilder text = new StringBuilder();
        String before = "";
        for (Value item : e.access().items(value)) {
            String printed = e.print(byPath(item, given.get("attribute"), e));
            e.budget().characters(before.length() + printed.length());
            text.append(before).append(printed);
            before = separator;
        }
        return new Text(text.toString());
    }

    /** Returns the item, or the value at the end of a path {@code a.b.0} in it. */
    private static Value byPath(Value item, Value path, Evaluator e) {
        return switch (path) {
            case null -> item;
            case None none -> item;
            case Int index -> e.access().item(item, index);
            case Text(String names) -> {
                Value at = item;
                for (String name : names.split("\\.", -1)) {
                    Value key = name.matches("[0-9]{1,9}") ? new Int(Long.parseLong(name)) : new Text(name);
                    at = e.access().item(at, key);
                }
                yield at;
            }
            default -> throw new Fault("attribute: expected a text, found " + path.kind());
        };
    }

    private static Value map(Value value, Given given, Evaluator e) {
        List<Value> mapped = new ArrayList<>();
        List<Value> rest = given.rest();
        if (rest.isEmpty()) {
            Value attribute = given.get("attribute");
            if (attribute == null || !List.of("attribute", "default").containsAll(given.named().keySet())) {
                throw new Fault("map: expected a filter's name, or attribute= and optionally default=");
            }
            Value absent = given.get("default", None.NONE);
            for (Value item : e.access().items(value)) {
                Value at = byPath(item, attribute, e);
                mapped.add(at instanceof Undefined && absent != None.NONE ? absent : at);
            }
        } else {
            Builtin filter = TABLE.get(name(rest.getFirst(), "filter"));
            for (Value item : e.access().items(value)) {
                mapped.add(filter.call(item, rest.subList(1, rest.size()), given.named(), e));
            }
        }
        e.budget().elements(mapped.size());
        return new Lazy(mapped);
    }

    private static String name(Value value, String kind) {
        if (value instanceof Text(String name)) {
            return name;
        }
        throw new Fault("expected a " + kind + "'s name, found " + value.kind());
    }

    private static Value select(Value value, Given given, Evaluator e, boolean passing) {
        return select(value, null, given.rest(), given, e, passing);
    }

    private static Value selectByAttribute(Value value, Given given, Evaluator e, boolean passing) {
        List<Value> rest = given.rest();
        if (rest.isEmpty()) {
            throw new Fault("selectattr: expected an attribute's name, found none");
        }
        return select(value, rest.getFirst(), rest.subList(1, rest.size()), given, e, passing);
    }

    /** Returns the items that pass or fail a test, or whose attribute does. */
    private static Value select(Value value, Value path, List<Value> rest, Given given, Evaluator e, boolean passing) {
        List<Value> selected = new ArrayList<>();
        for (Value item : e.access().items(value)) {
            Value tested = byPath(item, path, e);
            Value passes = rest.isEmpty()
                    ? tested
                    : Tests.TABLE.get(name(rest.getFirst(), "test"))
                            .call(tested, rest.subList(1, rest.size()), given.named(), e);
            if (Comparisons.truth(passes) == passing) {
                selected.add(item);
            }
        }
        e.budget().elements(selected.size());
        return new Lazy(selected);
    }

    private record Keyed(Value key, Value item) {}

    private static Value sort(Value value, Given given, Evaluator e) {
        Value attribute = given.get("attribute");
        if (attribute instanceof Text(String path) && path.contains(",")) {
            throw new Fault("sort: expected one attribute, found several");
        }
        List<Keyed> keyed = new ArrayList<>();
        for (Value item : e.access().items(value)) {
            keyed.add(new Keyed(key(byPath(item, attribute, e), given, e), item));
        }
        return sorted(keyed, given, e);
    }

    private static Value unique(Value value, Given given, Evaluator e) {
        List<Value> keys = new ArrayList<>();
        List<Value> items = new ArrayList<>();
        for (Value item : e.access().items(value)) {
            Value key = key(byPath(item, given.get("attribute"), e), given, e);
            if (key instanceof Array || key instanceof Dict) {
                throw new Fault("unique: expected values that can be keys of a dict, found " + key.kind());
            }
            if (keys.stream().noneMatch(seen -> e.comparisons().equal(seen, key))) {
                keys.add(key);
                items.add(item);
            }
        }
        e.budget().elements(items.size());
        return new Lazy(items);
    }

    /** Returns a text whose words, between white space and -({[<, begin in upper case and continue in lower case. */
    private static Value title(String text, Evaluator e) {
        StringBuilder out = new StringBuilder();
        for (Matcher word = WORD.matcher(text); word.find();) {
            int second = text.offsetByCodePoints(word.start(), 1);
            out.append(Strings.upper(text.substring(word.start(), second)))
                    .append(Strings.lower(text.substring(second, word.end())));
        }
        return e.budget().text(out.toString());
    }

    private static Value dictsort(Value value, Given given, Evaluator e) {
        if (!(value instanceof Dict(Map<String, Value> entries))) {
            throw new Fault("dictsort: expected a dict, found " + value.kind());
        }
        String by = given.text("by");
        if (by != null && !by.equals("key") && !by.equals("value")) {
            throw new Fault("dictsort: expected by='key' or 'value', found another text");
        }
        List<Keyed> keyed = new ArrayList<>();
        for (Value pair : pairs(entries, e)) {
            Value key = ((Tuple) pair).items().get("value".equals(by) ? 1 : 0);
            keyed.add(new Keyed(key(key, given, e), pair));
        }
        return sorted(keyed, given, e);
    }

    /** Returns the key to sort by, in lower case unless case_sensitive is set. */
    private static Value key(Value value, Given given, Evaluator e) {
        return value instanceof Text(String text) && !given.truth("case_sensitive")
                ? e.budget().text(Strings.lower(text))
                : value;
    }

    private static Value sorted(List<Keyed> keyed, Given given, Evaluator e) {
        Comparator<Keyed> order = (a, b) -> e.comparisons().compare(a.key, b.key);
        keyed.sort(given.truth("reverse") ? order.reversed() : order);
        e.budget().elements(keyed.size());
        return new Array(new ArrayList<>(keyed.stream().map(Keyed::item).toList()));
    }

    private static Value whole(Value value, Given given) {
        Value absent = given.get("default", new Int(0));
        return switch (value) {
            case Text(String text) -> {
                String number = number(text);
                yield number == null
                        ? absent
                        : WHOLE.matcher(number).matches() ? whole(number) : whole(Double.parseDouble(number), absent);
            }
            case Real(double number) -> whole(number, absent);
            case Undefined undefined -> throw new Fault("int: expected a number, found " + value.kind());
            default -> Arithmetic.number(value) instanceof Int number ? number : absent;
        };
    }

    private static Value whole(String number) {
        try {
            return new Int(Long.parseLong(number));
        } catch (NumberFormatException tooLong) {
            throw new Fault("int: expected a whole number of at most 64 bits, found a larger one");
        }
    }

    private static Value whole(double number, Value absent) {
        if (Double.isNaN(number) || Double.isInfinite(number)) {
            return absent;
        }
        if (Math.abs(number) >= 0x1p63) {
            throw new Fault("int: expected a whole number of at most 64 bits, found a larger one");
        }
        return new Int((long) number);
    }

    private static Value real(Value value, Given given) {
        return switch (value) {
            case Text(String text) -> number(text) instanceof String number
                    ? new Real(Double.parseDouble(number))
                    : given.get("default", new Real(0));
            case Undefined undefined -> throw new Fault("float: expected a number, found " + value.kind());
            default -> switch (Arithmetic.number(value)) {
                case Int(long number) -> new Real(number);
                case Real number -> number;
                case null, default -> given.get("default", new Real(0));
            };
        };
    }

    /** Returns the number in a text, or null. */
    private static String number(String text) {
        String number = Strings.strip(text, null, true, true);
        if (NUMBER.matcher(number).matches()) {
            return number;
        }
        if (PERHAPS.matcher(number).matches()) {
            throw new Fault("expected a number of ASCII digits, found a text that may be another number");
        }
        return null;
    }

    private static Value indent(Value value, Given given, Evaluator e) {
        if (!(value instanceof Text(String indented))) {
            throw new Fault("indent: expected a text, found " + value.kind());
        }
        String width = given.get("width") instanceof Text(String text) ? text : spaces(given.whole("width", 4), e);
        StringBuilder out = new StringBuilder();
        List<String> lines = Strings.splitLines(indented + "\n");
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            boolean moved = i == 0 ? given.truth("first") : given.truth("blank") || !line.isEmpty();
            e.budget().characters(1 + line.length() + (moved ? width.length() : 0));
            out.append(i == 0 ? "" : "\n").append(moved ? width : "").append(line);
        }
        return new Text(out.toString());
    }

    private static String spaces(long count, Evaluator e) {
        e.budget().characters(Math.max(0, count));
        return " ".repeat((int) Math.max(0, count));
    }

    private static Value tojson(Value value, Given given, Evaluator e) {
        Value width = given.get("indent", None.NONE);
        String indent = switch (width) {
            case None none -> null;
            case Text(String text) -> text;
            default -> spaces(given.whole("indent", 0), e);
        };
        String comma = indent == null ? ", " : ",";
        String colon = ": ";
        switch (given.get("separators", None.NONE)) {
            case None none -> {
            }
            case Tuple(List<Value> both) when both.size() == 2 && both.get(0) instanceof Text(String first)
                    && both.get(1) instanceof Text(String second) -> {
                comma = first;
                colon = second;
            }
            case Value wrong -> throw new Fault("tojson: separators: expected two texts, found " + wrong.kind());
        }
        var format =
                new JsonPrinter.Format(given.truth("ensure_ascii"), indent, comma, colon, given.truth("sort_keys"));
        return new Text(JsonPrinter.print(value, format, e.budget()));
    }
}
