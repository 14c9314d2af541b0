package io.github.t6j.chat.template;

import java.util.List;
import java.util.Map;

/** Expression in a tag. */
sealed interface Expression {
    record Literal(Value value) implements Expression {}

    record Name(String name) implements Expression {}

    record ListOf(List<Expression> items) implements Expression {}

    record TupleOf(List<Expression> items) implements Expression {}

    record DictOf(List<Expression> keys, List<Expression> values) implements Expression {}

    record Attribute(Expression of, String name) implements Expression {}

    record Item(Expression of, Expression key) implements Expression {}

    /** {@code of[from:to:step]}; null for an absent bound. */
    record Slice(Expression of, Expression from, Expression to, Expression step) implements Expression {}

    record Call(Expression callee, Arguments arguments) implements Expression {}

    /** {@code subject|filter(arguments)}. */
    record Filtered(Expression subject, Builtin filter, Arguments arguments) implements Expression {}

    /** {@code subject is test(arguments)}. */
    record Tested(Expression subject, Builtin test, Arguments arguments) implements Expression {}

    record Negative(Expression operand) implements Expression {}

    /** {@code +operand}: leaves a number unchanged, and turns a boolean into a number. */
    record Positive(Expression operand) implements Expression {}

    record Not(Expression operand) implements Expression {}

    record Binary(Operator operator, Expression left, Expression right) implements Expression {}

    /** {@code a ~ b ~ …}. */
    record Concatenated(List<Expression> parts) implements Expression {}

    record And(Expression left, Expression right) implements Expression {}

    record Or(Expression left, Expression right) implements Expression {}

    /** {@code first < operands[0] <= operands[1] …}. */
    record Compared(Expression first, List<Comparison> comparisons, List<Expression> operands) implements Expression {}

    /** {@code then if condition else otherwise}; null without else. */
    record Conditional(Expression condition, Expression then, Expression otherwise) implements Expression {}

    record Arguments(List<Expression> positional, Map<String, Expression> named) {
        static final Arguments NONE = new Arguments(List.of(), Map.of());
    }

    enum Operator {
        ADD("+"),
        SUBTRACT("-"),
        MULTIPLY("*"),
        DIVIDE("/"),
        FLOOR("//"),
        MODULO("%");

        private final String written;

        Operator(String written) {
            this.written = written;
        }

        String written() {
            return written;
        }
    }

    enum Comparison {
        EQUAL("=="),
        UNEQUAL("!="),
        LESS("<"),
        LESS_OR_EQUAL("<="),
        GREATER(">"),
        GREATER_OR_EQUAL(">="),
        IN("in"),
        NOT_IN("not in");

        private final String written;

        Comparison(String written) {
            this.written = written;
        }

        String written() {
            return written;
        }
    }
}
