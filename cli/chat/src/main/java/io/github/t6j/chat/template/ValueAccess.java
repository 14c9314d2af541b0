package io.github.t6j.chat.template;

import io.github.t6j.chat.template.Value.Array;
import io.github.t6j.chat.template.Value.Bool;
import io.github.t6j.chat.template.Value.Dict;
import io.github.t6j.chat.template.Value.Function;
import io.github.t6j.chat.template.Value.Int;
import io.github.t6j.chat.template.Value.Lazy;
import io.github.t6j.chat.template.Value.Loop;
import io.github.t6j.chat.template.Value.Macro;
import io.github.t6j.chat.template.Value.Method;
import io.github.t6j.chat.template.Value.Namespace;
import io.github.t6j.chat.template.Value.None;
import io.github.t6j.chat.template.Value.Range;
import io.github.t6j.chat.template.Value.Real;
import io.github.t6j.chat.template.Value.Text;
import io.github.t6j.chat.template.Value.Tuple;
import io.github.t6j.chat.template.Value.Undefined;
import io.github.t6j.chat.template.Value.View;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Items, attributes and slices of values, as Python has them. */
final class ValueAccess {
    /** Names of Python's methods and other attributes, which come before keys of the same name. */
    private static final Set<String> OF_DICTS = Set.of("clear", "copy", "fromkeys", "get", "items", "keys", "pop",
            "popitem", "setdefault", "update", "values");
    private static final Set<String> OF_LISTS = Set.of("append", "clear", "copy", "count", "extend", "index", "insert",
            "pop", "remove", "reverse", "sort");
    private static final Set<String> OF_TUPLES = Set.of("count", "index");
    private static final Set<String> OF_TEXTS = Set.of("capitalize", "casefold", "center", "count", "encode",
            "endswith",
            "expandtabs", "find", "format", "format_map", "index", "isalnum", "isalpha", "isascii", "isdecimal",
            "isdigit",
            "isidentifier", "islower", "isnumeric", "isprintable", "isspace", "istitle", "isupper", "join", "ljust",
            "lower",
            "lstrip", "maketrans", "partition", "removeprefix", "removesuffix", "replace", "rfind", "rindex", "rjust",
            "rpartition", "rsplit", "rstrip", "split", "splitlines", "startswith", "strip", "swapcase", "title",
            "translate", "upper", "zfill");
    private static final Set<String> OF_NUMBERS = Set.of("as_integer_ratio", "bit_count", "bit_length", "conjugate",
            "denominator", "from_bytes", "fromhex", "hex", "imag", "is_integer", "numerator", "real", "to_bytes");

    private static final Set<String> OF_RANGES = Set.of("count", "index", "start", "step", "stop");
    private static final Set<String> OF_VIEWS = Set.of("isdisjoint", "mapping");
    private static final Set<String> OF_ITERATORS =
            Set.of("close", "gi_code", "gi_frame", "gi_running", "gi_suspended", "gi_yieldfrom", "send", "throw");
    private static final Set<String> OF_MACROS =
            Set.of("arguments", "caller", "catch_kwargs", "catch_varargs", "explicit_caller", "name");

    /** Methods that change a list or a dict, which the sandbox of Jinja2 hides. */
    private static final Set<String> OF_LISTS_CHANGING =
            Set.of("append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort");
    private static final Set<String> OF_DICTS_CHANGING = Set.of("clear", "pop", "popitem", "setdefault", "update");

    /** Longest name in a message. */
    private static final int LONGEST_NAME = 100;

    private final Budget budget;

    ValueAccess(Budget budget) {
        this.budget = budget;
    }

    /** Returns the items that a loop over {@code value} visits. */
    List<Value> items(Value value) {
        return switch (value) {
            case Array(List<Value> items) -> visited(items);
            case Tuple(List<Value> items) -> visited(items);
            case Range(List<Value> items) -> visited(items);
            case View(List<Value> items) -> visited(items);
            case Undefined undefined -> List.of();
            case Dict(Map<String, Value> entries) -> {
                budget.elements(entries.size());
                yield entries.keySet().stream().map(key -> (Value) new Text(key)).toList();
            }
            case Text(String text) -> {
                budget.elements(text.length());
                yield text.codePoints().mapToObj(c -> (Value) new Text(Character.toString(c))).toList();
            }
            case Lazy lazy -> {
                List<Value> items = new ArrayList<>();
                lazy.take().forEachRemaining(items::add);
                budget.elements(items.size());
                yield items;
            }
            default -> throw new Fault("expected a list, found " + value.kind());
        };
    }
    private List<Value> visited(List<Value> items) {
        budget.steps(items.size());
        return items;
    }

    /** Returns {@code value.name}: a method or attribute, or else the value of that key in a dict. */
    Value attribute(Value value, String name) {
        return member(value, name) instanceof Value found
                ? found
                : value instanceof Dict(Map<String, Value> entries) && entries.get(name) instanceof Value entry
                        ? entry
                        : missing(value, name);
    }

    /** Returns {@code value[key]}: an item, or else an attribute. */
    Value item(Value value, Value key) {
        Value found = switch (value) {
            case Dict(Map<String, Value> entries) -> key instanceof Text(String name) ? entries.get(name) : null;
            case Array(List<Value> items) -> at(items, key);
            case Tuple(List<Value> items) -> at(items, key);
            case Range(List<Value> items) -> at(items, key);
            case Text(String text) -> at(text, key);
            default -> null;
        };
        if (found == null && key instanceof Text(String name)) {
            found = member(value, name);
        }
        return found != null ? found : missing(value, key instanceof Text(String name) ? name : key.kind());
    }

    private static Value missing(Value value, String key) {
        String name = key.length() > LONGEST_NAME ? key.substring(0, LONGEST_NAME) + "…" : key;
        if (value instanceof Undefined undefined) {
            throw new Fault("expected a value with '" + name + "', found " + undefined.kind());
        }
        return new Undefined("'" + name + "' of " + value.kind());
    }

    private static Value at(List<Value> items, Value key) {
        if (!(Arithmetic.number(key) instanceof Int(long index))) {
            return null;
        }
        long from0 = index < 0 ? index + items.size() : index;
        return from0 >= 0 && from0 < items.size() ? items.get((int) from0) : null;
    }

    private Value at(String text, Value key) {
        budget.steps(text.length() / 16);
        int length = Strings.length(text);
        if (!(Arithmetic.number(key) instanceof Int(long index)) || index >= length || index < -length) {
            return null;
        }
        int at = text.offsetByCodePoints(0, (int) (index < 0 ? index + length : index));
        return new Text(Character.toString(text.codePointAt(at)));
    }

    /** Returns an attribute of Python's, or null. */
    private static Value member(Value value, String name) {
        return switch (value) {
            case Namespace(Map<String, Value> values) -> values.get(name);
            case Loop loop -> ofLoop(loop, name);
            case Dict dict when OF_DICTS_CHANGING.contains(name) -> hidden(value, name);
            case Array array when OF_LISTS_CHANGING.contains(name) -> hidden(value, name);
            case Dict dict -> OF_DICTS.contains(name) ? new Method(value, name) : null;
            case Array array -> OF_LISTS.contains(name) ? new Method(value, name) : null;
            case Tuple tuple -> OF_TUPLES.contains(name) ? new Method(value, name) : null;
            case Text text -> OF_TEXTS.contains(name) ? new Method(value, name) : null;
            case Int number -> ofOther(value, name, OF_NUMBERS.contains(name));
            case Real number -> ofOther(value, name, OF_NUMBERS.contains(name));
            case Bool bool -> ofOther(value, name, OF_NUMBERS.contains(name));
            case None none -> null;
            case Undefined undefined -> null;
            case Method method -> null;
            case Function(Builtin function) ->
                ofOther(value, name, function.name().equals("dict") && OF_DICTS.contains(name));
            case Range range -> ofOther(value, name, OF_RANGES.contains(name));
            case View view -> ofOther(value, name, OF_VIEWS.contains(name));
            case Lazy lazy -> ofOther(value, name, OF_ITERATORS.contains(name));
            case Macro macro -> ofOther(value, name, OF_MACROS.contains(name));
        };
    }

    /** Returns true if a list or a dict has a method of that name that changes it. */
    static boolean changes(String method) {
        return OF_LISTS_CHANGING.contains(method) || OF_DICTS_CHANGING.contains(method);
    }

    private static Value hidden(Value value, String name) {
        return new Undefined("'" + name + "', which would change " + value.kind());
    }

    private static Value ofOther(Value value, String name, boolean exists) {
        if (exists) {
            throw new Fault("unsupported attribute '" + name + "' of " + value.kind());
        }
        return null;
    }

    private static Value ofLoop(Loop loop, String name) {
        int index = loop.index();
        int length = loop.items().size();
        return switch (name) {
            case "index" -> new Int(index + 1L);
            case "index0" -> new Int(index);
            case "revindex" -> new Int(length - index);
            case "revindex0" -> new Int(length - index - 1L);
            case "first" -> Value.of(index == 0);
            case "last" -> Value.of(index == length - 1);
            case "length" -> new Int(length);
            case "depth" -> new Int(1);
            case "depth0" -> new Int(0);
            case "previtem" -> index > 0 ? loop.items().get(index - 1) : new Undefined("the item before the first");
            case "nextitem" ->
                index + 1 < length ? loop.items().get(index + 1) : new Undefined("the item after the last");
            case "cycle", "changed" -> ofOther(loop, name, true);
            default -> null;
        };
    }

    /** Returns {@code value[from:to:step]}; null for an absent bound. */
    Value slice(Value value, Value from, Value to, Value step) {
        return switch (value) {
            case Array(List<Value> items) -> new Array(slice(items, from, to, step));
            case Tuple(List<Value> items) -> new Tuple(slice(items, from, to, step));
            case Range(List<Value> items) -> new Range(slice(items, from, to, step));
            case Text text -> {
                StringBuilder out = new StringBuilder();
                slice(items(text), from, to, step).forEach(character -> out.append(((Text) character).value()));
                yield budget.text(out.toString());
            }
            default -> throw new Fault("expected a list or a text before [:], found " + value.kind());
        };
    }

    private List<Value> slice(List<Value> items, Value from, Value to, Value by) {
        int size = items.size();
        long step = bound(by, 1L);
        if (step == 0) {
            throw new Fault("expected a step in [::] other than 0, found 0");
        }
        long first = step > 0 ? 0 : -1;
        long last = step > 0 ? size : size - 1;
        long start = clamped(bound(from, null), size, first, last, step > 0 ? first : last);
        long end = clamped(bound(to, null), size, first, last, step > 0 ? last : first);
        List<Value> slice = new ArrayList<>();
        for (long i = start; step > 0 ? i < end : i > end; i += step) {
            slice.add(items.get((int) i));
        }
        budget.elements(slice.size());
        return slice;
    }

    private static long clamped(Long index, int size, long first, long last, long absent) {
        return index == null ? absent : Math.clamp(index < 0 ? index + size : index, first, last);
    }

    private static Long bound(Value value, Long absent) {
        if (value == null || value == None.NONE) {
            return absent;
        }
        if (!(Arithmetic.number(value) instanceof Int(long number))) {
            throw new Fault("expected whole numbers in [:], found " + value.kind());
        }
        return Math.clamp(number, -(long) Integer.MAX_VALUE, Integer.MAX_VALUE);
    }
}
