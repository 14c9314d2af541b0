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
     * @param control rule of an escaped control character, to write each text as the content of a JSON string, with
     *     escapes only where JSON needs them, so that each text has one form; null to write it unchanged
     */
    record Language(Automaton automaton, String control) implements Expression {}

    /** Returns the same expression, with {@code prefix} before the name of each rule that it calls. */
    default Expression withPrefix(String prefix) {
        return switch (this) {
            case Sequence(List<Expression> parts) -> new Sequence(withPrefix(parts, prefix));
            case Choice(List<Expression> options) -> new Choice(withPrefix(options, prefix));
            case Repeat(Expression part, int min, int max) -> new Repeat(part.withPrefix(prefix), min, max);
            case Call(String rule) -> new Call(prefix + rule);
            case Language(Automaton automaton, String control) ->
                new Language(automaton, control == null ? null : prefix + control);
            case Characters _ -> this;
        };
    }

    private static List<Expression> withPrefix(List<Expression> expressions, String prefix) {
        return expressions.stream().map(expression -> expression.withPrefix(prefix)).toList();
    }

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
