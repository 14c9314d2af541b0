package io.github.t6j.chat.template;

import io.github.t6j.chat.template.Expression.Comparison;
import io.github.t6j.chat.template.Value.Bool;
import io.github.t6j.chat.template.Value.Dict;
import io.github.t6j.chat.template.Value.Int;
import io.github.t6j.chat.template.Value.None;
import io.github.t6j.chat.template.Value.Real;
import io.github.t6j.chat.template.Value.Text;
import io.github.t6j.chat.template.Value.Undefined;
import java.util.function.Predicate;

/** Jinja2's tests. */
final class Tests {
    static final Builtin.Table TABLE = new Builtin.Table("test")
            .with("boolean", "", is(value -> value instanceof Bool))
            .with("defined", "", is(value -> !(value instanceof Undefined)))
            .with("undefined", "", is(value -> value instanceof Undefined))
            .with("even", "", (value, given, e) -> remainder(value, 0, e))
            .with("odd", "", (value, given, e) -> remainder(value, 1, e))
            .with("false", "", is(Value.FALSE::equals))
            .with("true", "", is(Value.TRUE::equals))
            .with("float", "", is(value -> value instanceof Real))
            .with("integer", "", is(value -> value instanceof Int))
            .with("number", "", is(value -> Arithmetic.number(value) != null))
            .with("iterable", "", is(Tests::isIterable))
            .with("mapping", "", is(value -> value instanceof Dict))
            .with("none", "", is(value -> value instanceof None))
            .with("sequence", "", is(Tests::isSequence))
            .with("string", "", is(value -> value instanceof Text))
            .with("in", "seq", compared(Comparison.IN, "seq"))
            .with("eq", "b", compared(Comparison.EQUAL, "b"))
            .with("==", "eq")
            .with("equalto", "eq")
            .with("ne", "b", compared(Comparison.UNEQUAL, "b"))
            .with("!=", "ne")
            .with("lt", "b", compared(Comparison.LESS, "b"))
            .with("<", "lt")
            .with("lessthan", "lt")
            .with("le", "b", compared(Comparison.LESS_OR_EQUAL, "b"))
            .with("<=", "le")
            .with("gt", "b", compared(Comparison.GREATER, "b"))
            .with(">", "gt")
            .with("greaterthan", "gt")
            .with("ge", "b", compared(Comparison.GREATER_OR_EQUAL, "b"))
            .with(">=", "ge");

    private Tests() {}

    private static Builtin.Body is(Predicate<Value> test) {
        return (value, given, e) -> Value.of(test.test(value));
    }

    private static Builtin.Body compared(Comparison comparison, String parameter) {
        return (value, given, e) -> Value.of(e.comparisons().compare(comparison, value, given.get(parameter)));
    }

    private static Value remainder(Value value, long expected, Evaluator e) {
        Value remainder = new Arithmetic(e.budget()).binary(Expression.Operator.MODULO, value, new Int(2));
        return Value.of(e.comparisons().equal(remainder, new Int(expected)));
    }

    private static boolean isIterable(Value value) {
        return switch (value) {
            case Value.View view -> true;
            case Value.Lazy lazy -> true;
            case Value.Loop loop -> true;
            default -> isSequence(value);
        };
    }

    /** Returns true if a value has a length and items; an undefined value has length 0 and no items. */
    private static boolean isSequence(Value value) {
        return switch (value) {
            case Text text -> true;
            case Undefined undefined -> true;
            case Value.Array array -> true;
            case Value.Tuple tuple -> true;
            case Value.Range range -> true;
            case Dict dict -> true;
            default -> false;
        };
    }
}
