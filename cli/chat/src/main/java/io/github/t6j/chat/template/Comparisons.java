package io.github.t6j.chat.template;

import io.github.t6j.chat.template.Value.Array;
import io.github.t6j.chat.template.Value.Bool;
import io.github.t6j.chat.template.Value.Dict;
import io.github.t6j.chat.template.Value.Int;
import io.github.t6j.chat.template.Value.Lazy;
import io.github.t6j.chat.template.Value.Method;
import io.github.t6j.chat.template.Value.None;
import io.github.t6j.chat.template.Value.Range;
import io.github.t6j.chat.template.Value.Real;
import io.github.t6j.chat.template.Value.Text;
import io.github.t6j.chat.template.Value.Tuple;
import io.github.t6j.chat.template.Value.Undefined;
import io.github.t6j.chat.template.Value.View;
import java.math.BigDecimal;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** Python's comparisons: truth, equality, order and membership. */
final class Comparisons {
    private final Budget budget;
    private final ValueAccess access;

    Comparisons(Budget budget, ValueAccess access) {
        this.budget = budget;
        this.access = access;
    }

    /** Returns true if {@code if value} holds. */
    static boolean truth(Value value) {
        return switch (value) {
            case Undefined undefined -> false;
            case None none -> false;
            case Bool(boolean bool) -> bool;
            case Int(long number) -> number != 0;
            case Real(double number) -> number != 0;
            case Text(String text) -> !text.isEmpty();
            case Array(List<Value> items) -> !items.isEmpty();
            case Tuple(List<Value> items) -> !items.isEmpty();
            case Range(List<Value> items) -> !items.isEmpty();
            case View(List<Value> items) -> !items.isEmpty();
            case Dict(Map<String, Value> entries) -> !entries.isEmpty();
            default -> true;
        };
    }

    boolean equal(Value a, Value b) {
        return equal(a, b, 0);
    }

    private boolean equal(Value a, Value b, int depth) {
        Printer.checkDepth(depth);
        budget.step();
        if (a == b && !(a instanceof Real)) {
            return true;
        }
        if (Arithmetic.number(a) instanceof Value x && Arithmetic.number(b) instanceof Value y) {
            return compareNumbers(x, y) == 0;
        }
        return switch (a) {
            case Text(String text) -> b instanceof Text(String other) && equal(text, other);
            case Undefined undefined -> b instanceof Undefined;
            case Array(List<Value> items) -> b instanceof Array(List<Value> others) && equal(items, others, depth);
            case Tuple(List<Value> items) -> b instanceof Tuple(List<Value> others) && equal(items, others, depth);
            case Range(List<Value> items) -> b instanceof Range(List<Value> others) && equal(items, others, depth);
            case Dict(Map<String, Value> entries) ->
                b instanceof Dict(Map<String, Value> others) && equal(entries, others, depth);
            case View view -> throw new Fault("unsupported '==' for " + a.kind());
            case Method method when b instanceof Method -> throw new Fault("unsupported '==' for " + a.kind());
            default -> false;
        };
    }

    private boolean equal(String a, String b) {
        budget.steps(Math.min(a.length(), b.length()) / 16);
        return a.equals(b);
    }

    private boolean equal(List<Value> a, List<Value> b, int depth) {
        boolean same = a.size() == b.size();
        for (int i = 0; same && i < a.size(); i++) {
            same = equal(a.get(i), b.get(i), depth + 1);
        }
        return same;
    }

    private boolean equal(Map<String, Value> a, Map<String, Value> b, int depth) {
        if (a.size() != b.size()) {
            return false;
        }
        for (Map.Entry<String, Value> entry : a.entrySet()) {
            Value counterpart = b.get(entry.getKey());
            if (counterpart == null || !equal(entry.getValue(), counterpart, depth + 1)) {
                return false;
            }
        }
        return true;
    }

    /** Returns 2 if one is NaN, so that no comparison holds. */
    private static int compareNumbers(Value a, Value b) {
        if (a instanceof Int(long x) && b instanceof Int(long y)) {
            return Long.compare(x, y);
        }
        double x = Arithmetic.toDouble(a);
        double y = Arithmetic.toDouble(b);
        if (Double.isNaN(x) || Double.isNaN(y)) {
            return 2;
        }
        return Double.isInfinite(x) || Double.isInfinite(y) ? Double.compare(x, y) : exact(a).compareTo(exact(b));
    }

    private static BigDecimal exact(Value number) {
        return number instanceof Int(long whole) ? BigDecimal.valueOf(whole) : new BigDecimal(((Real) number).value());
    }

    /**
     * Returns a negative number, 0 or a positive number, for values that Python orders: numbers, texts, lists, tuples.
     */
    int compare(Value a, Value b) {
        return compare(a, b, 0);
    }

    private int compare(Value a, Value b, int depth) {
        Printer.checkDepth(depth);
        budget.step();
        if (Arithmetic.number(a) instanceof Value x && Arithmetic.number(b) instanceof Value y) {
            int order = compareNumbers(x, y);
            if (order == 2) {
                throw new Fault("expected comparable numbers, found nan");
            }
            return order;
        }
        if (a instanceof Text(String x) && b instanceof Text(String y)) {
            budget.steps(Math.min(x.length(), y.length()) / 16);
            return Strings.compare(x, y);
        }
        if (a instanceof Array(List<Value> x) && b instanceof Array(List<Value> y)) {
            return compare(x, y, depth);
        }
        if (a instanceof Tuple(List<Value> x) && b instanceof Tuple(List<Value> y)) {
            return compare(x, y, depth);
        }
        throw new Fault("unsupported comparison of " + a.kind() + " and " + b.kind());
    }

    private int compare(List<Value> a, List<Value> b, int depth) {
        for (int i = 0; i < a.size() && i < b.size(); i++) {
            if (!equal(a.get(i), b.get(i), depth + 1)) {
                return compare(a.get(i), b.get(i), depth + 1);
            }
        }
        return Integer.compare(a.size(), b.size());
    }

    boolean compare(Expression.Comparison comparison, Value a, Value b) {
        return switch (comparison) {
            case EQUAL -> equal(a, b);
            case UNEQUAL -> !equal(a, b);
            case LESS -> compare(a, b) < 0;
            case LESS_OR_EQUAL -> compare(a, b) <= 0;
            case GREATER -> compare(a, b) > 0;
            case GREATER_OR_EQUAL -> compare(a, b) >= 0;
            case IN -> contains(b, a);
            case NOT_IN -> !contains(b, a);
        };
    }

    private boolean contains(Value whole, Value part) {
        return switch (whole) {
            case Text(String text) -> {
                if (!(part instanceof Text(String searched))) {
                    throw new Fault("expected a text to look for in a text, found " + part.kind());
                }
                budget.search(text, searched);
                yield text.contains(searched);
            }
            case Dict(Map<String, Value> entries) -> {
                if (part instanceof Array || part instanceof Dict) {
                    throw new Fault("expected a key to look for in a dict, found " + part.kind());
                }
                yield part instanceof Text(String key) && entries.containsKey(key);
            }
            default -> {
                Iterator<Value> items = whole instanceof Lazy lazy ? lazy.take() : access.items(whole).iterator();
                boolean found = false;
                while (!found && items.hasNext()) {
                    found = equal(items.next(), part);
                }
                yield found;
            }
        };
    }
}
