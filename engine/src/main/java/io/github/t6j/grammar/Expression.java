package io.github.t6j.grammar;

import java.util.Arrays;
import java.util.List;

/** Right side of a rule: a set of texts. */
sealed interface Expression {
    /** Value of {@link Repeat#max} without a limit. */
    int UNLIMITED = -1;

    Expression EMPTY = new Sequence(List.of());

    /** Concatenation of a text of each part. */
    record Sequence(List<Expression> parts) implements Expression {}

    /** All texts of all options; none without options. */
    record Choice(List<Expression> options) implements Expression {}

    /** Concatenation of {@code min} to {@code max} texts of a part. */
    record Repeat(Expression part, int min, int max) implements Expression {}

    /** One character of a set. */
    record Characters(CodePoints set) implements Expression {}

    /** Texts of another rule. */
    record Call(String rule) implements Expression {}

    /**
     * Texts that an automaton accepts.
     *
     * @param escaped true to write each text as the content of a JSON string, with escapes only where JSON needs them,
     *     so that each text has one form
     */
    record Language(Automaton automaton, boolean escaped) implements Expression {}

    static Expression sequence(Expression... parts) {
        return new Sequence(List.of(parts));
    }

    static Expression choice(Expression... options) {
        return new Choice(List.of(options));
    }

    static Expression optional(Expression part) {
        return new Repeat(part, 0, 1);
    }

    /** Returns the expression of exactly {@code text}. */
    static Expression text(String text) {
        return new Sequence(Arrays.stream(text.codePoints().toArray())
                .mapToObj(c -> (Expression) new Characters(CodePoints.of(c, c)))
                .toList());
    }
}
