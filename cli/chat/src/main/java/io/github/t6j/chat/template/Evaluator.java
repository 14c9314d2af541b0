package io.github.t6j.chat.template;

import io.github.t6j.chat.template.Expression.Arguments;
import io.github.t6j.chat.template.Value.Text;
import io.github.t6j.chat.template.Value.Undefined;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Evaluates expressions. */
final class Evaluator {
    /** Runs a macro, which consists of statements. */
    interface Macros {
        Value call(Value.Macro macro, List<Value> positional, Map<String, Value> named);
    }

    private final Budget budget;
    private final ValueAccess access;
    private final Arithmetic arithmetic;
    private final Comparisons comparisons;
    private final LocalDateTime now;
    private final Macros macros;

    Evaluator(Budget budget, LocalDateTime now, Macros macros) {
        this.budget = budget;
        this.now = now;
        this.macros = macros;
        access = new ValueAccess(budget);
        arithmetic = new Arithmetic(budget);
        comparisons = new Comparisons(budget, access);
    }

    Budget budget() {
        return budget;
    }

    ValueAccess access() {
        return access;
    }

    Comparisons comparisons() {
        return comparisons;
    }

    LocalDateTime now() {
        return now;
    }

    /** Returns the text that is printed for a value. */
    String print(Value value) {
        return Printer.print(value, budget);
    }

    Value evaluate(Expression expression, Scope scope) {
        budget.enter();
        Value value = switch (expression) {
            case Expression.Literal(Value literal) -> literal;
            case Expression.Name(String name) -> scope.get(name);
            case Expression.ListOf(List<Expression> items) -> new Value.Array(all(items, scope));
            case Expression.TupleOf(List<Expression> items) -> new Value.Tuple(all(items, scope));
            case Expression.DictOf dict -> dict(dict, scope);
            case Expression.Attribute(Expression of, String name) -> access.attribute(evaluate(of, scope), name);
            case Expression.Item(Expression of, Expression key) ->
                access.item(evaluate(of, scope), evaluate(key, scope));
            case Expression.Slice slice -> slice(slice, scope);
            case Expression.Call(Expression callee, Arguments arguments) ->
                call(evaluate(callee, scope), all(arguments.positional(), scope), named(arguments, scope));
            case Expression.Filtered(Expression subject, Builtin filter, Arguments arguments) ->
                builtin(filter, subject, arguments, scope);
            case Expression.Tested(Expression subject, Builtin test, Arguments arguments) ->
                builtin(test, subject, arguments, scope);
            case Expression.Negative(Expression operand) -> arithmetic.negate(evaluate(operand, scope));
            case Expression.Positive(Expression operand) -> arithmetic.plus(evaluate(operand, scope));
            case Expression.Not(Expression operand) -> Value.of(!truth(operand, scope));
            case Expression.Binary(Expression.Operator operator, Expression left, Expression right) ->
                arithmetic.binary(operator, evaluate(left, scope), evaluate(right, scope));
            case Expression.Concatenated(List<Expression> parts) -> concatenated(parts, scope);
            case Expression.And(Expression left, Expression right) -> logical(left, right, false, scope);
            case Expression.Or(Expression left, Expression right) -> logical(left, right, true, scope);
            case Expression.Compared compared -> compared(compared, scope);
            case Expression.Conditional conditional -> conditional(conditional, scope);
        };
        budget.leave();
        return value;
    }

    boolean truth(Expression condition, Scope scope) {
        return Comparisons.truth(evaluate(condition, scope));
    }

    private List<Value> all(List<Expression> expressions, Scope scope) {
        budget.elements(expressions.size());
        List<Value> values = new ArrayList<>(expressions.size());
        for (Expression expression : expressions) {
            values.add(evaluate(expression, scope));
        }
        return values;
    }

    private Map<String, Value> named(Arguments arguments, Scope scope) {
        Map<String, Value> values = new LinkedHashMap<>();
        arguments.named().forEach((name, expression) -> values.put(name, evaluate(expression, scope)));
        return values;
    }

    private Value dict(Expression.DictOf dict, Scope scope) {
        budget.elements(dict.keys().size());
        Map<String, Value> entries = new LinkedHashMap<>();
        for (int i = 0; i < dict.keys().size(); i++) {
            Value key = evaluate(dict.keys().get(i), scope);
            if (!(key instanceof Text(String text))) {
                throw new Fault("expected a text as a dict's key, found " + key.kind());
            }
            entries.put(text, evaluate(dict.values().get(i), scope));
        }
        return new Value.Dict(entries);
    }

    private Value slice(Expression.Slice slice, Scope scope) {
        Value of = evaluate(slice.of(), scope);
        return access.slice(of, optional(slice.from(), scope), optional(slice.to(), scope),
                optional(slice.step(), scope));
    }

    private Value optional(Expression expression, Scope scope) {
        return expression == null ? null : evaluate(expression, scope);
    }

    /** Returns the result of {@code callee(…)}. */
    private Value call(Value callee, List<Value> positional, Map<String, Value> named) {
        return switch (callee) {
            case Value.Method(Value self, String name) -> Methods.TABLE.get(name).call(self, positional, named, this);
            case Value.Function(Builtin function) -> function.call(Value.None.NONE, positional, named, this);
            case Value.Macro macro -> macros.call(macro, positional, named);
            default -> throw new Fault("expected a function, method or macro to call, found " + callee.kind());
        };
    }

    private Value builtin(Builtin builtin, Expression subject, Arguments arguments, Scope scope) {
        Value value = evaluate(subject, scope);
        return builtin.call(value, all(arguments.positional(), scope), named(arguments, scope), this);
    }

    private Value concatenated(List<Expression> parts, Scope scope) {
        StringBuilder text = new StringBuilder();
        for (Value part : all(parts, scope)) {
            text.append(print(part));
        }
        return budget.text(text.toString());
    }

    /** Evaluates and or or, which in Python return one of their operands. */
    private Value logical(Expression left, Expression right, boolean ends, Scope scope) {
        Value value = evaluate(left, scope);
        return Comparisons.truth(value) == ends ? value : evaluate(right, scope);
    }

    private Value compared(Expression.Compared compared, Scope scope) {
        Value left = evaluate(compared.first(), scope);
        for (int i = 0; i < compared.operands().size(); i++) {
            Value right = evaluate(compared.operands().get(i), scope);
            if (!comparisons.compare(compared.comparisons().get(i), left, right)) {
                return Value.FALSE;
            }
            left = right;
        }
        return Value.TRUE;
    }

    private Value conditional(Expression.Conditional conditional, Scope scope) {
        if (truth(conditional.condition(), scope)) {
            return evaluate(conditional.then(), scope);
        }
        return conditional.otherwise() == null
                ? new Undefined("the value of an 'if' without 'else'")
                : evaluate(conditional.otherwise(), scope);
    }
}
