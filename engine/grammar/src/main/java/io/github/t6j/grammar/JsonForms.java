package io.github.t6j.grammar;

import io.github.t6j.grammar.Expression.Call;
import io.github.t6j.grammar.Expression.Characters;
import io.github.t6j.grammar.Expression.Choice;
import io.github.t6j.grammar.Expression.Repeat;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Rules of JSON itself. At most one space or line break separates two tokens, so that a model cannot write blanks
 * forever.
 */
final class JsonForms {
    static final String VALUE = "any value";
    static final String OBJECT = "any object";
    static final String ARRAY = "any array";
    static final String STRING = "any string";
    /** Rule of one character of a string, in its shortest form. */
    static final String CHARACTER = "any character";
    /** Rule of an escaped control character. */
    static final String CONTROL = "control character";
    private static final String MEMBER = "any member";
    static final Expression BLANK = Expression.optional(new Characters(CodePoints.anyOf(" \n")));
    static final Expression COMMA = Expression.sequence(BLANK, Expression.text(","), BLANK);
    private static final Expression DIGIT = new Characters(CodePoints.of('0', '9'));
    private static final Expression HEX = new Characters(CodePoints.of('0', '9', 'a', 'f', 'A', 'F'));
    private static final Expression WHOLE = Expression.sequence(
            Expression.optional(Expression.text("-")),
            Expression.choice(Expression.text("0"), Expression.sequence(
                    new Characters(CodePoints.of('1', '9')), new Repeat(DIGIT, 0, 14))));
    /** Integers of at most 15 digits. */
    static final Expression INTEGER = WHOLE;
    /** Numbers of at most 15 digits before and after the point, with exponents of at most two digits. */
    static final Expression NUMBER = Expression.sequence(
            WHOLE,
            Expression.optional(Expression.sequence(Expression.text("."), new Repeat(DIGIT, 1, 15))),
            Expression.optional(Expression.sequence(
                    new Characters(CodePoints.anyOf("eE")), Expression.optional(new Characters(CodePoints.anyOf("+-"))),
                    new Repeat(DIGIT, 1, 2))));

    private JsonForms() {}

    /** Adds the rules of any value. */
    static void addRules(Map<String, Expression> rules) {
        rules.put(CONTROL, new Choice(IntStream.rangeClosed(0, 0x1F)
                .mapToObj(c -> Expression.text(JsonText.escape(c)))
                .toList()));
        rules.put(CHARACTER, Expression.choice(new Characters(JsonText.ESCAPED.complement()),
                Expression.text(JsonText.escape('"')), Expression.text(JsonText.escape('\\')), new Call(CONTROL)));
        rules.put(STRING, quoted(new Repeat(
                Expression.choice(new Characters(JsonText.ESCAPED.complement()), escape()), 0, Expression.UNLIMITED)));
        rules.put(MEMBER, member(new Call(STRING), new Call(VALUE)));
        rules.put(OBJECT, object(list(new Call(MEMBER), 1, Expression.UNLIMITED), true));
        rules.put(ARRAY, array(list(new Call(VALUE), 1, Expression.UNLIMITED), true));
        rules.put(VALUE, Expression.choice(new Call(OBJECT), new Call(ARRAY), new Call(STRING), NUMBER,
                Expression.text("true"), Expression.text("false"), Expression.text("null")));
    }

    /** Returns any escape, even an unnecessary one; surrogates only in pairs. */
    private static Expression escape() {
        Expression plain = Expression.choice(
                Expression.sequence(new Characters(CodePoints.of('0', '9', 'a', 'c', 'e', 'f', 'A', 'C', 'E', 'F')),
                        HEX),
                Expression.sequence(new Characters(CodePoints.anyOf("dD")), new Characters(CodePoints.of('0', '7'))));
        Expression high = Expression.sequence(
                new Characters(CodePoints.anyOf("dD")), new Characters(CodePoints.of('8', '9', 'a', 'b', 'A', 'B')));
        Expression low = Expression.sequence(
                new Characters(CodePoints.anyOf("dD")), new Characters(CodePoints.of('c', 'f', 'C', 'F')));
        Expression unicode = Expression.choice(
                Expression.sequence(plain, HEX, HEX),
                Expression.sequence(high, HEX, HEX, Expression.text("\\u"), low, HEX, HEX));
        return Expression.sequence(Expression.text("\\"), Expression.choice(
                new Characters(CodePoints.anyOf("\"\\/bfnrt")), Expression.sequence(Expression.text("u"), unicode)));
    }

    static Expression quoted(Expression content) {
        return Expression.sequence(Expression.text("\""), content, Expression.text("\""));
    }

    static Expression member(Expression key, Expression value) {
        return Expression.sequence(key, BLANK, Expression.text(":"), BLANK, value);
    }

    /** Returns {@code min} to {@code max} items, at least one, separated by commas. */
    static Expression list(Expression item, int min, int max) {
        int more = max == Expression.UNLIMITED ? max : max - 1;
        return Expression.sequence(item, new Repeat(Expression.sequence(COMMA, item), Math.max(0, min - 1), more));
    }

    /** @param members one member or more */
    static Expression object(Expression members, boolean mayBeEmpty) {
        return enclosed("{", members, "}", mayBeEmpty);
    }

    /** @param items one item or more */
    static Expression array(Expression items, boolean mayBeEmpty) {
        return enclosed("[", items, "]", mayBeEmpty);
    }

    private static Expression enclosed(String open, Expression content, String close, boolean mayBeEmpty) {
        Expression inside = Expression.sequence(content, BLANK);
        return Expression.sequence(
                Expression.text(open), BLANK, mayBeEmpty ? Expression.optional(inside) : inside,
                Expression.text(close));
    }

    /** Returns {@code expression} without the white space between tokens. */
    static Expression compact(Expression expression) {
        return switch (expression) {
            case Expression blank when blank == BLANK -> Expression.EMPTY;
            case Expression.Sequence(List<Expression> parts) ->
                new Expression.Sequence(parts.stream().map(JsonForms::compact).toList());
            case Choice(List<Expression> options) -> new Choice(options.stream().map(JsonForms::compact).toList());
            case Repeat(Expression part, int min, int max) -> new Repeat(compact(part), min, max);
            default -> expression;
        };
    }

    /** Returns the expression that no text matches. */
    static Expression nothing() {
        return new Choice(List.of());
    }
}
