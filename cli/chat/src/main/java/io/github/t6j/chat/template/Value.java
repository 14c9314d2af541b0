package io.github.t6j.chat.template;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Value of an expression: Python's values, as far as templates use them. Only a {@link Namespace} is mutable. */
sealed interface Value {
    /** A missing variable, key or attribute; {@code what} names it. It prints as an empty text. */
    record Undefined(String what) implements Value {}

    /** Python's None. */
    enum None implements Value {
        NONE
    }

    record Bool(boolean value) implements Value {}

    record Int(long value) implements Value {}

    record Real(double value) implements Value {}

    /** A text; Python counts its characters by code points. */
    record Text(String value) implements Value {}

    /** Python's list. */
    record Array(List<Value> items) implements Value {}

    record Tuple(List<Value> items) implements Value {}

    /** Python's dict, in insertion order, with texts as keys. */
    record Dict(Map<String, Value> entries) implements Value {}

    /** Result of range(). */
    record Range(List<Value> items) implements Value {}

    /** Result of keys(), values() and items(): it has a length and can be read. */
    record View(List<Value> items) implements Value {}

    /** Result of map, select and similar filters. Python reads such an iterator once; a second read finds it empty. */
    final class Lazy implements Value {
        private final Iterator<Value> items;
        private boolean read;

        Lazy(List<Value> items) {
            this.items = items.iterator();
        }

        /** Returns the items, once. */
        Iterator<Value> take() {
            if (read) {
                throw new Fault("expected one read of an iterator, found a second: put |list after its filter");
            }
            read = true;
            return items;
        }
    }

    /** Result of namespace(). */
    record Namespace(Map<String, Value> values) implements Value {}

    /** The variable loop, at iteration {@code index}. */
    record Loop(List<Value> items, int index) implements Value {}

    /** {@code self.name}, to be called; only some of Python's methods are supported. */
    record Method(Value self, String name) implements Value {}

    record Function(Builtin builtin) implements Value {}

    /** A macro, and the variables that it sees. */
    record Macro(Statement.Macro definition, Scope scope) implements Value {}

    Bool TRUE = new Bool(true);
    Bool FALSE = new Bool(false);
    Text EMPTY = new Text("");

    static Bool of(boolean value) {
        return value ? TRUE : FALSE;
    }

    /** Returns a description of the kind of value, for messages. */
    default String kind() {
        return switch (this) {
            case Undefined(String what) -> what + ", which is undefined";
            case None none -> "none";
            case Bool(boolean value) -> value ? "true" : "false";
            case Int(long value) -> "the number " + value;
            case Real(double value) -> "the number " + value;
            case Text text -> "a text";
            case Array array -> "a list";
            case Tuple tuple -> "a tuple";
            case Dict dict -> "a dict";
            case Range range -> "a range";
            case View view -> "a dict's view";
            case Lazy lazy -> "an iterator";
            case Namespace namespace -> "a namespace";
            case Loop loop -> "a loop";
            case Method(Value self, String name) -> "the method " + name;
            case Function(Builtin builtin) -> "the function " + builtin.name();
            case Macro(Statement.Macro definition, Scope scope) -> "the macro " + definition.name();
        };
    }

    /**
     * Converts Java's JSON values: maps with texts as keys, collections, texts, numbers, booleans, null.
     *
     * @throws IllegalArgumentException for any other value
     */
    static Value from(Object object) {
        return from(object, 0);
    }

    private static Value from(Object object, int depth) {
        if (depth > Printer.NESTING) {
            throw new IllegalArgumentException(
                    "expected at most " + Printer.NESTING + " levels of nesting in the variables of a chat"
                            + " template, found more");
        }
        return switch (object) {
            case null -> None.NONE;
            case Value value -> value;
            case Boolean bool -> of(bool);
            case Long number -> new Int(number);
            case Integer number -> new Int(number);
            case Double number -> new Real(number);
            case Float number -> new Real(number);
            case CharSequence text -> new Text(text.toString());
            case Collection<?> collection -> {
                List<Value> items = new ArrayList<>();
                collection.forEach(item -> items.add(from(item, depth + 1)));
                yield new Array(items);
            }
            case Map<?, ?> map -> {
                Map<String, Value> entries = new LinkedHashMap<>();
                map.forEach((key, item) -> entries.put(key(key), from(item, depth + 1)));
                yield new Dict(entries);
            }
            default -> throw new IllegalArgumentException(
                    "expected a value that JSON supports, found " + object.getClass().getName());
        };
    }

    private static String key(Object key) {
        if (key instanceof String text) {
            return text;
        }
        throw new IllegalArgumentException(
                "expected a text as a map's key, found " + key);
    }

    /** Returns the number of characters of all texts, plus one for each other value. */
    static long size(Value value) {
        return switch (value) {
            case Text(String text) -> 1 + text.length();
            case Array(List<Value> items) -> 1 + items.stream().mapToLong(Value::size).sum();
            case Dict(Map<String, Value> entries) -> 1 + entries.entrySet().stream()
                    .mapToLong(entry -> entry.getKey().length() + size(entry.getValue())).sum();
            default -> 1;
        };
    }
}
