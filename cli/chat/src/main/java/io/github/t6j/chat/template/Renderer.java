package io.github.t6j.chat.template;

import io.github.t6j.chat.template.Statement.Branch;
import io.github.t6j.chat.template.Statement.Target;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Runs statements, and collects the text that they print. */
final class Renderer {
    /** Ways in which a statement ends. */
    private enum Flow {
        NEXT,
        BREAK,
        CONTINUE
    }

    private final Budget budget;
    private final Evaluator evaluator;
    private int line;

    Renderer(Budget budget, LocalDateTime now) {
        this.budget = budget;
        evaluator = new Evaluator(budget, now, this::call);
    }

    /** Returns the line of the current tag. */
    int line() {
        return line;
    }

    /** @param assigned see {@link OuterLevel} */
    String render(List<Statement> template, Set<String> assigned, Map<String, Value> variables) {
        Scope functions = new Scope(null);
        Functions.TABLE.all().forEach(function -> functions.set(function.name(), new Value.Function(function)));
        Scope given = new Scope(functions);
        variables.forEach(given::set);
        Scope outer = new Scope(given);
        assigned.forEach(name -> outer.set(name, new Value.Undefined("'" + name + "'")));
        return body(template, outer);
    }

    /** Returns the text that the statements print. */
    private String body(List<Statement> statements, Scope scope) {
        StringBuilder out = new StringBuilder();
        run(statements, scope, out);
        return out.toString();
    }

    private Flow run(List<Statement> statements, Scope scope, StringBuilder out) {
        budget.enter();
        Flow flow = Flow.NEXT;
        for (int i = 0; i < statements.size() && flow == Flow.NEXT; i++) {
            budget.step();
            flow = run(statements.get(i), scope, out);
        }
        budget.leave();
        return flow;
    }

    private Flow run(Statement statement, Scope scope, StringBuilder out) {
        switch (statement) {
            case Statement.Data(String text) -> append(text, out);
            case Statement.Print(Expression expression, int at) -> {
                line = at;
                append(evaluator.print(evaluator.evaluate(expression, scope)), out);
            }
            case Statement.If branches -> {
                return run(chosen(branches, scope), scope, out);
            }
            case Statement.For loop -> {
                return loop(loop, scope, out);
            }
            case Statement.Set(Target target, Expression value, int at) -> {
                line = at;
                bind(target, evaluator.evaluate(value, scope), scope);
            }
            case Statement.SetAttribute set -> setAttribute(set, scope);
            case Statement.SetBlock(String name, List<Statement> body) ->
                scope.set(name, budget.text(body(body, new Scope(scope))));
            case Statement.FilterBlock(Expression filtered, List<Statement> body, int at) -> {
                Scope inner = new Scope(scope);
                inner.set(Statement.FilterBlock.BODY, budget.text(body(body, inner)));
                line = at;
                Value value = evaluator.evaluate(filtered, inner);
                if (!(value instanceof Value.Text(String text))) {
                    throw new Fault("filter: expected filters that return a text, found " + value.kind());
                }
                append(text, out);
            }
            case Statement.Macro macro -> scope.set(macro.name(), new Value.Macro(macro, scope));
            case Statement.Block(List<Statement> body) -> run(body, new Scope(scope), out);
            case Statement.Break end -> {
                return Flow.BREAK;
            }
            case Statement.Continue next -> {
                return Flow.CONTINUE;
            }
        }
        return Flow.NEXT;
    }

    private void append(String text, StringBuilder out) {
        budget.characters(text.length());
        out.append(text);
    }

    private List<Statement> chosen(Statement.If branches, Scope scope) {
        for (Branch branch : branches.branches()) {
            line = branch.line();
            if (evaluator.truth(branch.condition(), scope)) {
                return branch.body();
            }
        }
        return branches.otherwise();
    }

    private Flow loop(Statement.For loop, Scope scope, StringBuilder out) {
        line = loop.line();
        List<Value> items = evaluator.access().items(evaluator.evaluate(loop.items(), scope));
        if (loop.condition() != null) {
            items = chosen(items, loop, scope);
        }
        boolean whole = false;
        Flow flow = Flow.NEXT;
        for (int i = 0; i < items.size() && flow != Flow.BREAK; i++) {
            Scope turn = new Scope(scope);
            line = loop.line();
            turn.set("loop", new Value.Loop(items, i));
            bind(loop.target(), items.get(i), turn);
            flow = run(loop.body(), turn, out);
            whole |= flow == Flow.NEXT;
        }
        // as in Jinja2, even if break or continue ended every iteration
        return whole ? Flow.NEXT : run(loop.otherwise(), new Scope(scope), out);
    }

    private List<Value> chosen(List<Value> items, Statement.For loop, Scope scope) {
        List<Value> chosen = new ArrayList<>();
        for (Value item : items) {
            Scope turn = new Scope(scope);
            bind(loop.target(), item, turn);
            if (evaluator.truth(loop.condition(), turn)) {
                chosen.add(item);
            }
        }
        budget.elements(chosen.size());
        return chosen;
    }

    private void bind(Target target, Value value, Scope scope) {
        switch (target) {
            case Target.One(String name) -> scope.set(name, value);
            case Target.Several(List<Target> targets) -> {
                List<Value> items = evaluator.access().items(value);
                if (items.size() != targets.size()) {
                    throw new Fault("expected " + targets.size() + " values to unpack, found " + items.size());
                }
                for (int i = 0; i < items.size(); i++) {
                    bind(targets.get(i), items.get(i), scope);
                }
            }
        }
    }

    private void setAttribute(Statement.SetAttribute set, Scope scope) {
        line = set.line();
        Value value = evaluator.evaluate(set.value(), scope);
        Value target = scope.get(set.namespace());
        if (!(target instanceof Value.Namespace(Map<String, Value> values))) {
            throw new Fault("expected a namespace before '." + set.name() + "', found " + target.kind());
        }
        budget.elements(1);
        values.put(set.name(), value);
    }

    /** Returns the text that a macro prints; the macro sees the variables around its definition. */
    private Value call(Value.Macro macro, List<Value> positional, Map<String, Value> named) {
        Statement.Macro definition = macro.definition();
        List<String> parameters = definition.parameters();
        if (positional.size() > parameters.size()) {
            throw new Fault("the macro '" + definition.name() + "': expected at most " + parameters.size()
                    + " arguments, found " + positional.size());
        }
        for (String argument : named.keySet()) {
            int index = parameters.indexOf(argument);
            if (index < positional.size()) {
                throw new Fault("the macro '" + definition.name() + "': the argument '" + argument + "' is "
                        + (index < 0 ? "not supported" : "duplicate"));
            }
        }
        int called = line;
        Scope scope = new Scope(macro.scope());
        int required = parameters.size() - definition.defaults().size();
        for (int i = 0; i < parameters.size(); i++) {
            String name = parameters.get(i);
            Value given = i < positional.size() ? positional.get(i) : named.get(name);
            if (given == null && i >= required) {
                given = evaluator.evaluate(definition.defaults().get(i - required), scope);
            }
            scope.set(name, given == null ? new Value.Undefined("the argument '" + name + "'") : given);
        }
        Value printed = budget.text(body(definition.body(), scope));
        line = called;
        return printed;
    }
}
