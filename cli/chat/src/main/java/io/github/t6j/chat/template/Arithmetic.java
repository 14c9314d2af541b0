package io.github.t6j.chat.template;

import io.github.t6j.chat.template.Value.Array;
import io.github.t6j.chat.template.Value.Bool;
import io.github.t6j.chat.template.Value.Int;
import io.github.t6j.chat.template.Value.Real;
import io.github.t6j.chat.template.Value.Text;
import io.github.t6j.chat.template.Value.Tuple;
import java.util.ArrayList;
import java.util.List;

/** Python's arithmetic; integers that would exceed 64 bits are an error. */
final class Arithmetic {
    private final Budget budget;

    Arithmetic(Budget budget) {
        this.budget = budget;
    }

    /** Returns the number in Python's arithmetic, in which booleans are 0 and 1; null for other values. */
    static Value number(Value value) {
        return switch (value) {
            case Bool(boolean bool) -> new Int(bool ? 1 : 0);
            case Int number -> number;
            case Real number -> number;
            default -> null;
        };
    }

    static double toDouble(Value number) {
        return number instanceof Int(long whole) ? whole : ((Real) number).value();
    }

    Value binary(Expression.Operator operator, Value left, Value right) {
        Value x = number(left);
        Value y = number(right);
        try {
            if (x instanceof Int(long a) && y instanceof Int(long b) && operator != Expression.Operator.DIVIDE) {
                return new Int(whole(operator, a, b));
            }
        } catch (ArithmeticException tooLarge) {
            throw new Fault("expected a whole number of at most 64 bits, found a larger one");
        }
        if (x != null && y != null) {
            return new Real(real(operator, toDouble(x), toDouble(y)));
        }
        if (operator == Expression.Operator.ADD) {
            return add(left, right);
        }
        if (operator == Expression.Operator.MULTIPLY && y instanceof Int(long times)) {
            return repeat(left, times, right);
        }
        if (operator == Expression.Operator.MULTIPLY && x instanceof Int(long times)) {
            return repeat(right, times, left);
        }
        throw cannot(operator, left, right);
    }

    private static Fault cannot(Expression.Operator operator, Value left, Value right) {
        return new Fault(
                "unsupported operands of '" + operator.written() + "': " + left.kind() + " and " + right.kind());
    }

    private static long whole(Expression.Operator operator, long a, long b) {
        if (b == 0 && (operator == Expression.Operator.FLOOR || operator == Expression.Operator.MODULO)) {
            throw new Fault("division by zero");
        }
        return switch (operator) {
            case ADD -> Math.addExact(a, b);
            case SUBTRACT -> Math.subtractExact(a, b);
            case MULTIPLY -> Math.multiplyExact(a, b);
            case FLOOR -> Math.floorDivExact(a, b);
            case MODULO -> Math.floorMod(a, b);
            case DIVIDE -> throw new IllegalArgumentException("the division of whole numbers is a real number");
        };
    }

    private static double real(Expression.Operator operator, double a, double b) {
        return switch (operator) {
            case ADD -> a + b;
            case SUBTRACT -> a - b;
            case MULTIPLY -> a * b;
            case DIVIDE, FLOOR, MODULO -> {
                if (b == 0) {
                    throw new Fault("division by zero");
                }
                yield operator == Expression.Operator.DIVIDE ? a / b : floor(operator, a, b);
            }
        };
    }

    /** Computes Python's // and % of real numbers, whose remainder has the sign of the divisor. */
    private static double floor(Expression.Operator operator, double a, double b) {
        double remainder = a % b;
        double quotient = (a - remainder) / b;
        if (remainder != 0 && remainder < 0 != b < 0) {
            remainder += b;
            quotient -= 1;
        }
        if (operator == Expression.Operator.MODULO) {
            return remainder == 0 ? Math.copySign(0, b) : remainder;
        }
        double floored = Math.floor(quotient);
        return quotient == 0 ? Math.copySign(0, a / b) : quotient - floored > 0.5 ? floored + 1 : floored;
    }

    Value negate(Value value) {
        return switch (number(value)) {
            case Int(long number) -> new Int(Math.negateExact(number)); // no literal is the smallest integer
            case Real(double number) -> new Real(-number);
            case null, default -> throw new Fault("unsupported operand of '-': " + value.kind());
        };
    }

    /** Returns {@code +value}. */
    Value plus(Value value) {
        Value number = number(value);
        if (number == null) {
            throw new Fault("unsupported operand of '+': " + value.kind());
        }
        return number;
    }

    private Value add(Value left, Value right) {
        if (left instanceof Text(String a) && right instanceof Text(String b)) {
            budget.characters((long) a.length() + b.length());
            return new Text(a + b);
        }
        if (left instanceof Array(List<Value> a) && right instanceof Array(List<Value> b)) {
            return new Array(joined(a, b));
        }
        if (left instanceof Tuple(List<Value> a) && right instanceof Tuple(List<Value> b)) {
            return new Tuple(joined(a, b));
        }
        throw cannot(Expression.Operator.ADD, left, right);
    }

    private List<Value> joined(List<Value> a, List<Value> b) {
        budget.elements((long) a.size() + b.size());
        List<Value> items = new ArrayList<>(a);
        items.addAll(b);
        return items;
    }

    private Value repeat(Value value, long times, Value factor) {
        return switch (value) {
            case Text(String text) -> {
                budget.characters(product(text.length(), times));
                yield new Text(text.repeat((int) Math.max(0, text.isEmpty() ? 0 : times)));
            }
            case Array(List<Value> items) -> new Array(repeated(items, times));
            case Tuple(List<Value> items) -> new Tuple(repeated(items, times));
            default -> throw cannot(Expression.Operator.MULTIPLY, value, factor);
        };
    }

    private List<Value> repeated(List<Value> items, long times) {
        budget.elements(product(items.size(), times));
        List<Value> all = new ArrayList<>();
        long copies = items.isEmpty() ? 0 : times;
        for (long i = 0; i < copies; i++) {
            all.addAll(items);
        }
        return all;
    }

    private static long product(long size, long times) {
        return size == 0 || times <= 0 ? 0 : Math.min(times, Integer.MAX_VALUE) * size;
    }
}
