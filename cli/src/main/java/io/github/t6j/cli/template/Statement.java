package io.github.t6j.cli.template;

import java.util.List;

/** What a template is made of: text and tags. */
sealed interface Statement {
    record Data(String text) implements Statement {}

    record Print(Expression expression, int line) implements Statement {}

    /** The first branch whose condition holds, or {@code otherwise}. */
    record If(List<Branch> branches, List<Statement> otherwise) implements Statement {}

    record Branch(Expression condition, List<Statement> body, int line) {}

    /** @param condition which items take part; null for all */
    record For(Target target, Expression items, Expression condition, List<Statement> body, List<Statement> otherwise,
            int line) implements Statement {}

    record Set(Target target, Expression value, int line) implements Statement {}

    /** {@code set namespace.name = value}. */
    record SetAttribute(String namespace, String name, Expression value, int line) implements Statement {}

    /** {@code set name}, and what the body prints. */
    record SetBlock(String name, List<Statement> body) implements Statement {}

    /** @param defaults of the last parameters */
    record Macro(String name, List<String> parameters, List<Expression> defaults, List<Statement> body)
            implements
                Statement {}

    /** The tag {@code generation}: what it sets is gone behind it. */
    record Block(List<Statement> body) implements Statement {}

    record Break() implements Statement {}

    record Continue() implements Statement {}

    /** What {@code for} and {@code set} bind. */
    sealed interface Target {
        record One(String name) implements Target {}

        record Several(List<Target> targets) implements Target {}
    }
}
