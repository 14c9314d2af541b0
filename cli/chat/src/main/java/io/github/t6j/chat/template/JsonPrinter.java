package io.github.t6j.chat.template;

import io.github.t6j.chat.template.Value.Array;
import io.github.t6j.chat.template.Value.Bool;
import io.github.t6j.chat.template.Value.Dict;
import io.github.t6j.chat.template.Value.Int;
import io.github.t6j.chat.template.Value.None;
import io.github.t6j.chat.template.Value.Real;
import io.github.t6j.chat.template.Value.Text;
import io.github.t6j.chat.template.Value.Tuple;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Prints values as Python's json.dumps does, which transformers uses for tojson. */
final class JsonPrinter {
    /**
     * Options of json.dumps.
     *
     * @param indent indentation of a level; null prints a single line
     */
    record Format(boolean ascii, String indent, String comma, String colon, boolean sorted) {}

    private final Format format;
    private final Budget budget;
    private final StringBuilder out = new StringBuilder();

    private JsonPrinter(Format format, Budget budget) {
        this.format = format;
        this.budget = budget;
    }

    static String print(Value value, Format format, Budget budget) {
        JsonPrinter printer = new JsonPrinter(format, budget);
        printer.write(value, 0);
        return printer.out.toString();
    }

    private void append(String text) {
        budget.characters(text.length());
        out.append(text);
    }

    private void write(Value value, int depth) {
        Printer.checkDepth(depth);
        budget.elements(1);
        switch (value) {
            case None none -> append("null");
            case Bool(boolean bool) -> append(Boolean.toString(bool));
            case Int(long number) -> append(Long.toString(number));
            case Real(double number) when Double.isNaN(number) -> append("NaN");
            case Real(double number) when Double.isInfinite(number) -> append(number > 0 ? "Infinity" : "-Infinity");
            case Real(double number) -> append(Printer.real(number));
            case Text(String text) -> quote(text);
            case Array(List<Value> items) -> array(items, depth);
            case Tuple(List<Value> items) -> array(items, depth);
            case Dict(Map<String, Value> entries) -> object(entries, depth);
            default -> throw new Fault("tojson: expected a value that JSON supports, found " + value.kind());
        }
    }

    private void array(List<Value> items, int depth) {
        String separator = "[";
        for (Value item : items) {
            append(separator);
            line(depth + 1);
            write(item, depth + 1);
            separator = format.comma;
        }
        end(items.isEmpty(), "[]", "]", depth);
    }

    private void object(Map<String, Value> entries, int depth) {
        List<Map.Entry<String, Value>> inOrder = new ArrayList<>(entries.entrySet());
        if (format.sorted) {
            inOrder.sort(Map.Entry.comparingByKey((Comparator<String>) Strings::compare));
        }
        String separator = "{";
        for (Map.Entry<String, Value> entry : inOrder) {
            append(separator);
            line(depth + 1);
            quote(entry.getKey());
            append(format.colon);
            write(entry.getValue(), depth + 1);
            separator = format.comma;
        }
        end(entries.isEmpty(), "{}", "}", depth);
    }

    private void line(int depth) {
        if (format.indent != null) {
            append("\n");
            for (int i = 0; i < depth; i++) {
                append(format.indent);
            }
        }
    }

    private void end(boolean empty, String whole, String end, int depth) {
        if (empty) {
            append(whole);
        } else {
            line(depth);
            append(end);
        }
    }

    private void quote(String text) {
        budget.characters(text.length());
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"', '\\' -> out.append('\\').append(c);
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\b' -> out.append("\\b");
                case '\f' -> out.append("\\f");
                default -> {
                    if (c < ' ' || format.ascii && c > '~') {
                        out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }
}
