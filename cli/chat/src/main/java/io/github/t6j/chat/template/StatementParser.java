package io.github.t6j.chat.template;

import io.github.t6j.chat.template.Statement.Branch;
import io.github.t6j.chat.template.Statement.Target;
import io.github.t6j.chat.template.TemplateToken.Kind;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Parses tokens into statements: text and tags. */
final class StatementParser {
    private static final Set<String> TAGS =
            Set.of("if", "for", "set", "macro", "filter", "generation", "break", "continue", "raw");

    private static final int MAX_PARAMETERS = 100;

    private final Cursor cursor;
    private final ExpressionParser expressions;
    private final Set<String> bound = new HashSet<>();
    private final OuterLevel outer = new OuterLevel();
    private int loops;

    StatementParser(List<TemplateToken> tokens) {
        cursor = new Cursor(tokens);
        expressions = new ExpressionParser(cursor, bound, outer);
    }

    /** Returns the current line, for errors. */
    int line() {
        return cursor.token().line();
    }

    /** Returns the template's own variables, see {@link OuterLevel}, known after parsing. */
    Set<String> assigned() {
        return outer.assigned();
    }

    List<Statement> template() {
        List<Statement> statements = body();
        if (!cursor.sees(Kind.END)) {
            cursor.advance();
            throw cursor.expected("a tag that begins a statement");
        }
        return statements;
    }

    /** Parses up to a tag in {@code ends}, or to the end of the template. */
    private List<Statement> body(String... ends) {
        cursor.enter();
        List<Statement> statements = new ArrayList<>();
        while (!cursor.sees(Kind.END) && !seesEnd(ends)) {
            statements.add(statement());
        }
        cursor.leave();
        return statements;
    }

    private boolean seesEnd(String... ends) {
        if (cursor.sees(Kind.BLOCK_BEGIN) && cursor.next().kind() == Kind.NAME) {
            String tag = cursor.next().text();
            return List.of(ends).contains(tag) || tag.startsWith("end") || tag.equals("else") || tag.equals("elif");
        }
        return false;
    }

    /** Returns the tag that ended a body: one of {@code ends}. */
    private String end(String... ends) {
        if (!cursor.sees(Kind.BLOCK_BEGIN)) {
            throw cursor.expected("{% " + ends[ends.length - 1] + " %}");
        }
        cursor.advance();
        String tag = cursor.token().text();
        if (!List.of(ends).contains(tag)) {
            throw cursor.expected("{% " + ends[ends.length - 1] + " %}");
        }
        cursor.advance();
        return tag;
    }

    private List<Statement> bodyToEnd(String end) {
        cursor.expectEnd();
        List<Statement> body = body(end);
        end(end);
        cursor.expectEnd();
        return body;
    }

    private Statement statement() {
        TemplateToken token = cursor.advance();
        return switch (token.kind()) {
            case DATA -> new Statement.Data(token.text());
            case PRINT_BEGIN -> {
                Expression expression = expressions.tuple();
                cursor.expect(Kind.PRINT_END, "}}");
                yield new Statement.Print(expression, token.line());
            }
            default -> tag(token.line());
        };
    }

    private Statement tag(int line) {
        String name = cursor.token().text();
        if (!cursor.sees(Kind.NAME) || !TAGS.contains(name)) {
            throw new Fault("unsupported tag '" + name + "': t6j supports "
                    + String.join(", ", TAGS.stream().sorted().toList()));
        }
        cursor.advance();
        return switch (name) {
            case "if" -> branches(line);
            case "for" -> loop(line);
            case "set" -> set(line);
            case "macro" -> macro();
            case "filter" -> new Statement.FilterBlock(
                    expressions.filters(new Expression.Name(Statement.FilterBlock.BODY)), withoutLoops("endfilter"),
                    line);
            case "generation" -> generation();
            case "break", "continue" -> {
                if (loops == 0) {
                    throw new Fault("expected '" + name + "' inside a loop, found it outside");
                }
                cursor.expectEnd();
                yield name.equals("break") ? new Statement.Break() : new Statement.Continue();
            }
            default -> throw cursor.expected("{% raw %}");
        };
    }

    private Statement branches(int first) {
        List<Branch> branches = new ArrayList<>();
        List<Statement> otherwise = List.of();
        String tag = "elif";
        outer.enterIf();
        for (int line = first; tag.equals("elif"); line = cursor.token().line()) {
            Expression condition = expressions.tupleWithoutIf();
            cursor.expectEnd();
            branches.add(new Branch(condition, body("elif", "else", "endif"), line));
            tag = end("elif", "else", "endif");
        }
        if (tag.equals("else")) {
            otherwise = bodyToEnd("endif");
        } else {
            cursor.expectEnd();
        }
        outer.leaveIf();
        return new Statement.If(branches, otherwise);
    }

    private Statement loop(int line) {
        Target target = target();
        if (!cursor.word("in")) {
            throw cursor.expected("in");
        }
        Expression items = expressions.tupleWithoutIf();
        outer.enter();
        Expression condition = cursor.word("if") ? expressions.expression() : null;
        if (cursor.token().is(Kind.NAME, "recursive")) {
            throw new Fault("unsupported loop: 'recursive'");
        }
        cursor.expectEnd();
        loops++;
        List<Statement> body = body("else", "endfor");
        loops--;
        List<Statement> otherwise = List.of();
        if (end("else", "endfor").equals("else")) {
            otherwise = bodyToEnd("endfor");
        } else {
            cursor.expectEnd();
        }
        outer.leave();
        return new Statement.For(target, items, condition, body, otherwise, line);
    }

    private Target target() {
        Target first = oneTarget();
        if (!cursor.seesOperator(",")) {
            return first;
        }
        List<Target> targets = new ArrayList<>(List.of(first));
        while (cursor.operator(",")) {
            if (cursor.token().is(Kind.NAME, "in") || cursor.seesOperator("=") || cursor.seesOperator(")")) {
                break;
            }
            targets.add(oneTarget());
        }
        return new Target.Several(targets);
    }

    private Target oneTarget() {
        if (!cursor.operator("(")) {
            return new Target.One(binding());
        }
        cursor.enter();
        Target inside = target();
        cursor.leave();
        cursor.expectOperator(")");
        return inside;
    }

    /** Returns a name that is bound here. */
    private String binding() {
        if (cursor.token().is(Kind.NAME, "loop")) {
            throw new Fault("expected a name, found 'loop', which belongs to loops");
        }
        String name = cursor.variable();
        bound.add(name);
        return name;
    }

    private Statement set(int line) {
        if (cursor.sees(Kind.NAME) && cursor.next().is(Kind.OPERATOR, ".")) {
            String namespace = cursor.variable();
            outer.read(namespace);
            cursor.advance();
            String name = cursor.expect(Kind.NAME, "a name").text();
            cursor.expectOperator("=");
            Statement set = new Statement.SetAttribute(namespace, name, expressions.tuple(), line);
            cursor.expectEnd();
            return set;
        }
        Target target = target();
        if (cursor.operator("=")) {
            Statement set = new Statement.Set(target, expressions.tuple(), line);
            cursor.expectEnd();
            meet(target);
            return set;
        }
        if (!(target instanceof Target.One(String name))) {
            throw cursor.expected("'='");
        }
        outer.set(name);
        return new Statement.SetBlock(name, withoutLoops("endset"));
    }

    private void meet(Target target) {
        switch (target) {
            case Target.One(String name) -> outer.set(name);
            case Target.Several(List<Target> targets) -> targets.forEach(this::meet);
        }
    }

    private Statement generation() {
        return new Statement.Block(withoutLoops("endgeneration"));
    }

    /** Parses a body that break and continue cannot leave. */
    private List<Statement> withoutLoops(String end) {
        int around = loops;
        loops = 0;
        outer.enter();
        List<Statement> body = bodyToEnd(end);
        outer.leave();
        loops = around;
        return body;
    }

    private Statement macro() {
        String name = binding();
        outer.set(name);
        outer.enter();
        List<String> parameters = new ArrayList<>();
        List<Expression> defaults = new ArrayList<>();
        cursor.expectOperator("(");
        while (!cursor.operator(")")) {
            if (!parameters.isEmpty()) {
                cursor.expectOperator(",");
            }
            String parameter = binding();
            if (parameters.contains(parameter) || parameters.size() == MAX_PARAMETERS) {
                throw new Fault("expected at most " + MAX_PARAMETERS + " parameters, each once, found '" + parameter
                        + "' after them");
            }
            parameters.add(parameter);
            if (cursor.operator("=")) {
                defaults.add(expressions.expression());
            } else if (!defaults.isEmpty()) {
                throw cursor.expected("'=', as the parameter before has a default");
            }
        }
        Statement macro = new Statement.Macro(name, parameters, defaults, withoutLoops("endmacro"));
        outer.leave();
        return macro;
    }
}
