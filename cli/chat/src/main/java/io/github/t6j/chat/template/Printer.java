package io.github.t6j.chat.template;

import io.github.t6j.chat.template.Value.Array;
import io.github.t6j.chat.template.Value.Bool;
import io.github.t6j.chat.template.Value.Dict;
import io.github.t6j.chat.template.Value.Int;
import io.github.t6j.chat.template.Value.None;
import io.github.t6j.chat.template.Value.Real;
import io.github.t6j.chat.template.Value.Text;
import io.github.t6j.chat.template.Value.Tuple;
import io.github.t6j.chat.template.Value.Undefined;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;

/**
 * Prints values as Python's str() and repr() do. Values that Python prints with an address, or as their type, are an
 * error.
 */
final class Printer {
    /** Largest nesting of lists that are printed or compared. */
    static final int NESTING = 100;

    private final Budget budget;
    private final StringBuilder out = new StringBuilder();

    private Printer(Budget budget) {
        this.budget = budget;
    }

    /** Returns str(value), which templates print. */
    static String print(Value value, Budget budget) {
        return switch (value) {
            case Text(String text) -> text;
            case Undefined undefined -> "";
            default -> {
                Printer printer = new Printer(budget);
                printer.repr(value, 0);
                yield printer.out.toString();
            }
        };
    }

    private void append(String text) {
        budget.characters(text.length());
        out.append(text);
    }

    private void repr(Value value, int depth) {
        checkDepth(depth);
        budget.elements(1);
        switch (value) {
            case Undefined undefined -> append("Undefined");
            case None none -> append("None");
            case Bool(boolean bool) -> append(bool ? "True" : "False");
            case Int(long number) -> append(Long.toString(number));
            case Real(double number) -> append(real(number));
            case Text(String text) -> quote(text);
            case Array(List<Value> items) -> list("[", items, "]", depth);
            case Tuple(List<Value> items) -> list("(", items, items.size() == 1 ? ",)" : ")", depth);
            case Dict(Map<String, Value> entries) -> {
                String separator = "{";
                for (Map.Entry<String, Value> entry : entries.entrySet()) {
                    append(separator);
                    quote(entry.getKey());
                    append(": ");
                    repr(entry.getValue(), depth + 1);
                    separator = ", ";
                }
                append(entries.isEmpty() ? "{}" : "}");
            }
            default -> throw new Fault("expected a printable value, found " + value.kind());
        }
    }

    private void list(String begin, List<Value> items, String end, int depth) {
        append(begin);
        String separator = "";
        for (Value item : items) {
            append(separator);
            repr(item, depth + 1);
            separator = ", ";
        }
        append(end);
    }

    static void checkDepth(int depth) {
        if (depth > NESTING) {
            throw new Fault("expected at most " + NESTING + " levels of lists in lists, found more");
        }
    }

    /** Returns the shortest decimal number that is read as this one; from 10¹⁶ on and below 10⁻⁴ with an exponent. */
    static String real(double number) {
        if (Double.isNaN(number) || Double.isInfinite(number)) {
            return Double.isNaN(number) ? "nan" : number > 0 ? "inf" : "-inf";
        }
        if (number == 0) {
            return 1 / number < 0 ? "-0.0" : "0.0";
        }
        BigDecimal decimal = new BigDecimal(Double.toString(number)).stripTrailingZeros();
        int exponent = decimal.precision() - decimal.scale() - 1;
        if (exponent >= -4 && exponent < 16) {
            String plain = decimal.toPlainString();
            return plain.contains(".") ? plain : plain + ".0";
        }
        String digits = decimal.unscaledValue().abs().toString();
        return (number < 0 ? "-" : "") + digits.charAt(0) + (digits.length() > 1 ? "." + digits.substring(1) : "")
                + (exponent < 0 ? "e-" : "e+") + (Math.abs(exponent) < 10 ? "0" : "") + Math.abs(exponent);
    }

    private void quote(String text) {
        budget.characters(text.length());
        char quote = text.contains("'") && !text.contains("\"") ? '"' : '\'';
        out.append(quote);
        text.codePoints().forEach(c -> {
            switch (c) {
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\\' -> out.append("\\\\");
                default -> {
                    if (c == quote) {
                        out.append('\\').append(quote);
                    } else if (isPrintable(c)) {
                        out.appendCodePoint(c);
                    } else {
                        String hex = Integer.toHexString(c);
                        int digits = c < 0x100 ? 2 : c < 0x10000 ? 4 : 8;
                        out.append(digits == 2 ? "\\x" : digits == 4 ? "\\u" : "\\U");
                        out.append("0".repeat(digits - hex.length())).append(hex);
                    }
                }
            }
        });
        out.append(quote);
    }

    private static boolean isPrintable(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.PRIVATE_USE, Character.UNASSIGNED,
                    Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR ->
                false;
            case Character.SPACE_SEPARATOR -> c == ' ';
            default -> true;
        };
    }
}
