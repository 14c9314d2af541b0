package io.github.t6j.chat.template;

import java.util.List;

/** Statement of a template: text or a tag. */
sealed interface Statement {
    record Data(String text) implements Statement {}

    record Print(Expression expression, int line) implements Statement {}

    /** Runs the first branch whose condition holds, or else {@code otherwise}. */
    record If(List<Branch> branches, List<Statement> otherwise) implements Statement {}

    record Branch(Expression condition, List<Statement> body, int line) {}

    /** @param condition condition that items must meet, or null for all */
    record For(Target target, Expression items, Expression condition, List<Statement> body, List<Statement> otherwise,
            int line) implements Statement {}

    record Set(Target target, Expression value, int line) implements Statement {}

    /** {@code set namespace.name = value}. */
    record SetAttribute(String namespace, String name, Expression value, int line) implements Statement {}

    /** {@code set name}: assigns the text that the body prints. */
    record SetBlock(String name, List<Statement> body) implements Statement {}

    /**
     * The tag {@code filter}: prints what the body prints, filtered.
     *
     * @param filtered filters of the variable {@link #BODY}
     */
    record FilterBlock(Expression filtered, List<Statement> body, int line) implements Statement {
        /** Name that no variable has. */
        static final String BODY = "filter body";
    }

    /** @param defaults defaults of the last parameters */
    record Macro(String name, List<String> parameters, List<Expression> defaults, List<Statement> body)
            implements
                Statement {}

    /** The tag {@code generation}: variables that it sets are local to it. */
    record Block(List<Statement> body) implements Statement {}

    record Break() implements Statement {}

    record Continue() implements Statement {}

    /** Targets of {@code for} and {@code set}. */
    sealed interface Target {
        record One(String name) implements Target {}

        record Several(List<Target> targets) implements Target {}
    }
}
