package io.github.t6j.chat.template;

import io.github.t6j.chat.template.Expression.Arguments;
import io.github.t6j.chat.template.Expression.Comparison;
import io.github.t6j.chat.template.Expression.Operator;
import io.github.t6j.chat.template.TemplateToken.Kind;
import io.github.t6j.chat.template.Value.Text;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Recursive-descent parser of Jinja2's expressions. From the lowest to the highest precedence: {@code if else}, {@code
 * or}, {@code and}, {@code not}, comparisons, {@code + -}, {@code ~}, {@code * / // %}, signs, filters and tests,
 * {@code . [] ()}.
 */
final class ExpressionParser {
    /** Variables of Jinja2 that are not supported. */
    private static final Set<String> UNKNOWN =
            Set.of("lipsum", "cycler", "joiner", "self", "super", "caller", "varargs", "kwargs");

    private final Cursor cursor;
    /** Names that the template binds anywhere. */
    private final Set<String> bound;
    private final OuterLevel outer;

    ExpressionParser(Cursor cursor, Set<String> bound, OuterLevel outer) {
        this.cursor = cursor;
        this.bound = bound;
        this.outer = outer;
    }

    /** Parses one expression, or a tuple of several with commas between them. */
    Expression tuple() {
        Expression first = expression();
        return cursor.seesOperator(",") ? rest(first, true) : first;
    }

    /** Parses the same without {@code if}, which begins the condition of a loop. */
    Expression tupleWithoutIf() {
        Expression first = or();
        return cursor.seesOperator(",") ? rest(first, false) : first;
    }

    private Expression rest(Expression first, boolean withIf) {
        List<Expression> items = new ArrayList<>(List.of(first));
        while (cursor.operator(",")) {
            if (cursor.seesOperator(")") || cursor.sees(Kind.BLOCK_END) || cursor.sees(Kind.PRINT_END)) {
                break;
            }
            items.add(withIf ? expression() : or());
        }
        return new Expression.TupleOf(items);
    }

    Expression expression() {
        cursor.enter();
        Expression expression = or();
        while (cursor.word("if")) {
            Expression condition = or();
            Expression otherwise = cursor.word("else") ? expression() : null;
            expression = new Expression.Conditional(condition, expression, otherwise);
        }
        cursor.leave();
        return expression;
    }

    Expression or() {
        Expression left = and();
        while (cursor.word("or")) {
            left = new Expression.Or(left, and());
        }
        return left;
    }

    private Expression and() {
        Expression left = not();
        while (cursor.word("and")) {
            left = new Expression.And(left, not());
        }
        return left;
    }

    private Expression not() {
        if (!cursor.word("not")) {
            return compared();
        }
        cursor.enter();
        Expression operand = not();
        cursor.leave();
        return new Expression.Not(operand);
    }

    private Expression compared() {
        Expression first = sum();
        List<Comparison> comparisons = new ArrayList<>();
        List<Expression> operands = new ArrayList<>();
        for (Comparison comparison = comparison(); comparison != null; comparison = comparison()) {
            comparisons.add(comparison);
            operands.add(sum());
        }
        return comparisons.isEmpty() ? first : new Expression.Compared(first, comparisons, operands);
    }

    private Comparison comparison() {
        if (cursor.token().is(Kind.NAME, "not") && cursor.next().is(Kind.NAME, "in")) {
            cursor.advance();
            cursor.advance();
            return Comparison.NOT_IN;
        }
        if (cursor.word("in")) {
            return Comparison.IN;
        }
        for (Comparison comparison : Comparison.values()) {
            if (cursor.operator(comparison.written())) {
                return comparison;
            }
        }
        return null;
    }

    private Expression sum() {
        Expression left = concatenated();
        for (Operator o = operator(Operator.ADD, Operator.SUBTRACT); o != null;
                o = operator(Operator.ADD, Operator.SUBTRACT)) {
            left = new Expression.Binary(o, left, concatenated());
        }
        return left;
    }

    private Operator operator(Operator... operators) {
        for (Operator operator : operators) {
            if (cursor.operator(operator.written())) {
                return operator;
            }
        }
        return null;
    }

    private Expression concatenated() {
        List<Expression> parts = new ArrayList<>(List.of(product()));
        while (cursor.operator("~")) {
            parts.add(product());
        }
        return parts.size() == 1 ? parts.getFirst() : new Expression.Concatenated(parts);
    }

    private Expression product() {
        Expression left = filtered(unary());
        for (Operator o = productOperator(); o != null; o = productOperator()) {
            left = new Expression.Binary(o, left, filtered(unary()));
        }
        if (cursor.seesOperator("**")) {
            throw new Fault("unsupported operator '**'");
        }
        return left;
    }

    private Operator productOperator() {
        return operator(Operator.MULTIPLY, Operator.DIVIDE, Operator.FLOOR, Operator.MODULO);
    }

    private Expression unary() {
        boolean negative = cursor.operator("-");
        if (!negative && !cursor.operator("+")) {
            return postfix(primary());
        }
        cursor.enter();
        Expression operand = unary();
        cursor.leave();
        return negative ? new Expression.Negative(operand) : new Expression.Positive(operand);
    }

    private Expression primary() {
        TemplateToken token = cursor.token();
        return switch (token.kind()) {
            case STRING -> {
                StringBuilder text = new StringBuilder();
                while (cursor.sees(Kind.STRING)) {
                    text.append(cursor.advance().text());
                }
                yield new Expression.Literal(new Text(text.toString()));
            }
            case INTEGER -> new Expression.Literal(new Value.Int(Long.parseLong(cursor.advance().text())));
            case FLOAT -> new Expression.Literal(new Value.Real(real(cursor.advance().text())));
            case NAME -> name();
            case OPERATOR -> switch (token.text()) {
                case "(" -> parenthesized();
                case "[" -> new Expression.ListOf(list("[", "]"));
                case "{" -> dict();
                default -> throw cursor.expected("an expression");
            };
            default -> throw cursor.expected("an expression");
        };
    }

    private static double real(String number) {
        double value = Double.parseDouble(number);
        if (Double.isInfinite(value)) {
            throw new Fault("expected a number of at most " + Double.MAX_VALUE + ", found " + number);
        }
        return value;
    }

    private Expression name() {
        String name = cursor.token().text();
        Value constant = switch (name) {
            case "true", "True" -> Value.TRUE;
            case "false", "False" -> Value.FALSE;
            case "none", "None" -> Value.None.NONE;
            default -> null;
        };
        if (constant != null) {
            cursor.advance();
            return new Expression.Literal(constant);
        }
        if (UNKNOWN.contains(name) && !bound.contains(name)) {
            throw new Fault("unsupported variable '" + name + "' of Jinja2");
        }
        outer.read(name);
        return new Expression.Name(cursor.variable());
    }

    private Expression parenthesized() {
        cursor.expectOperator("(");
        if (cursor.operator(")")) {
            return new Expression.TupleOf(List.of());
        }
        Expression inside = tuple();
        cursor.expectOperator(")");
        return inside;
    }

    private List<Expression> list(String open, String close) {
        List<Expression> items = new ArrayList<>();
        cursor.expectOperator(open);
        while (!cursor.operator(close)) {
            if (!items.isEmpty()) {
                cursor.expectOperator(",");
                if (cursor.operator(close)) {
                    break;
                }
            }
            items.add(expression());
        }
        return items;
    }

    private Expression dict() {
        List<Expression> keys = new ArrayList<>();
        List<Expression> values = new ArrayList<>();
        cursor.expectOperator("{");
        while (!cursor.operator("}")) {
            if (!keys.isEmpty()) {
                cursor.expectOperator(",");
                if (cursor.operator("}")) {
                    break;
                }
            }
            keys.add(expression());
            if (keys.getLast() instanceof Expression.Literal(Value key) && !(key instanceof Text)) {
                throw new Fault("expected a text as a dict's key, found " + key.kind());
            }
            cursor.expectOperator(":");
            values.add(expression());
        }
        return new Expression.DictOf(keys, values);
    }

    private Expression postfix(Expression expression) {
        Expression before = expression;
        while (true) {
            if (cursor.operator(".")) {
                before = dotted(before);
            } else if (cursor.operator("[")) {
                before = subscript(before);
            } else if (cursor.seesOperator("(")) {
                before = call(before);
            } else {
                return before;
            }
        }
    }

    private Expression dotted(Expression of) {
        if (cursor.sees(Kind.INTEGER)) {
            return new Expression.Item(of,
                    new Expression.Literal(new Value.Int(Long.parseLong(cursor.advance().text()))));
        }
        String name = cursor.expect(Kind.NAME, "a name").text();
        if (name.startsWith("__")) {
            throw new Fault("unsupported attribute '" + name + "': names with __ are not for templates");
        }
        return new Expression.Attribute(of, name);
    }

    private Expression subscript(Expression of) {
        Expression[] bounds = new Expression[3];
        int colons = 0;
        while (!cursor.operator("]")) {
            if (cursor.operator(":") && ++colons > 2) {
                throw new Fault("expected at most [from:to:step], found another ':'");
            } else if (!cursor.seesOperator(":") && !cursor.seesOperator("]")) {
                if (bounds[colons] != null) {
                    throw cursor.expected("':' or ']'");
                }
                bounds[colons] = expression();
            }
        }
        if (colons > 0) {
            return new Expression.Slice(of, bounds[0], bounds[1], bounds[2]);
        }
        if (bounds[0] == null) {
            throw new Fault("expected an expression in [], found nothing");
        }
        return new Expression.Item(of, bounds[0]);
    }

    private Expression call(Expression callee) {
        Arguments arguments = arguments();
        if (callee instanceof Expression.Attribute(Expression of, String name)) {
            if (!ValueAccess.changes(name)) { // fails only if it is called, as in Jinja2's sandbox
                Methods.TABLE.get(name).check(arguments);
            }
        } else if (callee instanceof Expression.Name(String name) && !bound.contains(name)
                && Functions.TABLE.has(name)) {
            Functions.TABLE.get(name).check(arguments);
        }
        return new Expression.Call(callee, arguments);
    }

    private Arguments arguments() {
        List<Expression> positional = new ArrayList<>();
        Map<String, Expression> named = new LinkedHashMap<>();
        cursor.expectOperator("(");
        while (!cursor.operator(")")) {
            if (!positional.isEmpty() || !named.isEmpty()) {
                cursor.expectOperator(",");
                if (cursor.operator(")")) {
                    break;
                }
            }
            if (cursor.sees(Kind.NAME) && cursor.next().is(Kind.OPERATOR, "=")) {
                String name = cursor.advance().text();
                cursor.advance();
                if (named.put(name, expression()) != null) {
                    throw new Fault("duplicate argument '" + name + "'");
                }
            } else if (named.isEmpty()) {
                positional.add(expression());
            } else {
                throw cursor.expected("an argument with a name");
            }
        }
        return new Arguments(positional, named);
    }

    private Expression filtered(Expression expression) {
        Expression before = expression;
        while (true) {
            if (cursor.operator("|")) {
                before = filter(before);
            } else if (cursor.word("is")) {
                before = tested(before);
            } else if (cursor.seesOperator("(")) {
                before = call(before);
            } else {
                return before;
            }
        }
    }

    private Expression filter(Expression subject) {
        Builtin filter = Filters.TABLE.get(cursor.expect(Kind.NAME, "a filter").text());
        Arguments arguments = cursor.seesOperator("(") ? arguments() : Arguments.NONE;
        filter.check(arguments);
        return new Expression.Filtered(subject, filter, arguments);
    }

    /** Parses the filters of a tag: the name of the first without {@code |}. */
    Expression filters(Expression subject) {
        Expression filtered = filter(subject);
        while (cursor.operator("|")) {
            filtered = filter(filtered);
        }
        return filtered;
    }

    private Expression tested(Expression subject) {
        boolean negated = cursor.word("not");
        Builtin test = Tests.TABLE.get(cursor.expect(Kind.NAME, "a test").text());
        Arguments arguments = Arguments.NONE;
        if (cursor.seesOperator("(")) {
            arguments = arguments();
        } else if (beginsArgument()) {
            arguments = new Arguments(List.of(postfix(primary())), Map.of());
        }
        test.check(arguments);
        Expression tested = new Expression.Tested(subject, test, arguments);
        return negated ? new Expression.Not(tested) : tested;
    }

    /** Returns true if an argument without brackets follows a test. */
    private boolean beginsArgument() {
        TemplateToken token = cursor.token();
        return switch (token.kind()) {
            case STRING, INTEGER, FLOAT -> true;
            case NAME -> !Set.of("else", "or", "and").contains(token.text());
            case OPERATOR -> "[{".contains(token.text());
            default -> false;
        };
    }
}
