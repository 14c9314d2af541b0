package io.github.t6j.grammar;

import io.github.t6j.grammar.Expression.Characters;
import io.github.t6j.grammar.Expression.Choice;
import io.github.t6j.grammar.Expression.Language;
import io.github.t6j.grammar.Expression.Repeat;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * Decimal numbers between bounds, without exponents. At most 15 significant digits follow each other where a fraction
 * is allowed, so that readers that round to double keep numbers within their bounds.
 *
 * @param integer true for numbers without a fraction
 * @param min smallest number, or null without one
 * @param max largest number, or null without one
 * @param aboveMin true if {@code min} itself is excluded
 * @param belowMax true if {@code max} itself is excluded
 * @param multipleOf divisor of each number, which is then an integer, or 1
 */
record NumberRange(boolean integer, BigDecimal min, BigDecimal max, boolean aboveMin, boolean belowMax,
        int multipleOf) {
    private static final int MAX_DIGITS = 15;
    private static final Expression DIGIT = digits('0', '9');
    private static final Expression ANY_DIGITS = new Repeat(DIGIT, 0, Expression.UNLIMITED);
    private static final Expression ANY_FRACTION = fraction(ANY_DIGITS, true);

    /** Returns all numbers of the range; none if it is empty. */
    Expression expression() {
        List<Expression> signs = new ArrayList<>();
        if (max == null || max.signum() > 0 || max.signum() == 0 && !belowMax) {
            boolean bounded = min != null && min.signum() >= 0;
            add(signs, "", size(bounded ? min : BigDecimal.ZERO, bounded && aboveMin, max, belowMax));
        }
        if (min == null || min.signum() < 0) {
            boolean bounded = max != null && max.signum() < 0;
            add(signs, "-", size(
                    bounded ? max.negate() : BigDecimal.ZERO, !bounded || belowMax, min == null ? null : min.negate(),
                    aboveMin));
        }
        return new Choice(signs);
    }

    private static void add(List<Expression> signs, String sign, Automaton sizes) {
        if (!sizes.isEmpty()) {
            signs.add(Expression.sequence(Expression.text(sign), new Language(sizes, null)));
        }
    }

    /** Returns the non-negative numbers from {@code low} to {@code high}. */
    private Automaton size(BigDecimal low, boolean aboveLow, BigDecimal high, boolean belowHigh) {
        int length = Math.max(MAX_DIGITS, whole(low).length() + 1);
        Automaton numbers = Automaton.of(form(length)).intersect(Automaton.of(atLeast(low, aboveLow)));
        if (high != null) {
            numbers = numbers.intersect(Automaton.of(atMost(high, belowHigh)));
        }
        return multipleOf == 1 ? numbers : numbers.intersect(multiples(multipleOf));
    }

    /** Returns numbers as JSON writes them, of at most {@code max} digits before the point. */
    private Expression form(int max) {
        if (integer) {
            return Expression.choice(
                    Expression.text("0"), Expression.sequence(digits('1', '9'), new Repeat(DIGIT, 0, max - 1)));
        }
        List<Expression> options = new ArrayList<>();
        for (int length = 1; length <= max; length++) {
            Expression first = length == 1 ? DIGIT : digits('1', '9');
            Expression whole = Expression.sequence(first, new Repeat(DIGIT, length - 1, length - 1));
            int fraction = MAX_DIGITS - length;
            options.add(fraction <= 0
                    ? whole
                    : Expression.sequence(whole, Expression.optional(
                            Expression.sequence(Expression.text("."), new Repeat(DIGIT, 1, fraction)))));
        }
        return new Choice(options);
    }

    private static Expression atLeast(BigDecimal bound, boolean above) {
        String whole = whole(bound);
        List<Expression> options = new ArrayList<>();
        options.add(Expression.sequence(
                new Repeat(DIGIT, whole.length() + 1, Expression.UNLIMITED), ANY_FRACTION));
        for (int i = 0; i < whole.length(); i++) {
            addDigits(options, whole, i, whole.charAt(i) + 1, '9');
        }
        options.add(Expression.sequence(Expression.text(whole),
                fraction(fractionAtLeast(fraction(bound), above), fraction(bound).isEmpty() && !above)));
        return new Choice(options);
    }

    private static Expression atMost(BigDecimal bound, boolean below) {
        String whole = whole(bound);
        List<Expression> options = new ArrayList<>();
        if (whole.length() > 1) {
            options.add(Expression.sequence(new Repeat(DIGIT, 1, whole.length() - 1), ANY_FRACTION));
        }
        for (int i = 0; i < whole.length(); i++) {
            addDigits(options, whole, i, '0', whole.charAt(i) - 1);
        }
        options.add(Expression.sequence(Expression.text(whole),
                fraction(fractionAtMost(fraction(bound), below), !fraction(bound).isEmpty() || !below)));
        return new Choice(options);
    }

    /** Adds the numbers of {@code whole}'s length that equal it before digit {@code i}, which is in a range. */
    private static void addDigits(List<Expression> options, String whole, int i, int first, int last) {
        if (first <= last) {
            int rest = whole.length() - i - 1;
            options.add(Expression.sequence(Expression.text(whole.substring(0, i)), digits(first, last),
                    new Repeat(DIGIT, rest, rest), ANY_FRACTION));
        }
    }

    /** Returns the digits after the point of fractions of at least 0.{@code bound}. */
    private static Expression fractionAtLeast(String bound, boolean above) {
        List<Expression> options = new ArrayList<>();
        for (int i = 0; i < bound.length(); i++) {
            addFraction(options, bound, i, bound.charAt(i) + 1, '9');
        }
        Expression zeros = new Repeat(digits('0', '0'), 0, Expression.UNLIMITED);
        Expression rest = above ? Expression.sequence(zeros, digits('1', '9'), ANY_DIGITS) : ANY_DIGITS;
        options.add(Expression.sequence(Expression.text(bound), rest));
        return new Choice(options);
    }

    private static Expression fractionAtMost(String bound, boolean below) {
        List<Expression> options = new ArrayList<>();
        for (int i = 0; i < bound.length(); i++) {
            options.add(Expression.text(bound.substring(0, i)));
            addFraction(options, bound, i, '0', bound.charAt(i) - 1);
        }
        if (!below) {
            Expression zeros = new Repeat(digits('0', '0'), 0, Expression.UNLIMITED);
            options.add(Expression.sequence(Expression.text(bound), zeros));
        }
        return new Choice(options);
    }

    private static void addFraction(List<Expression> options, String bound, int i, int first, int last) {
        if (first <= last) {
            options.add(Expression.sequence(
                    Expression.text(bound.substring(0, i)), digits(first, last), ANY_DIGITS));
        }
    }

    /** Returns a point and {@code digits}; with {@code orNothing}, also the empty text. */
    private static Expression fraction(Expression digits, boolean orNothing) {
        Expression fraction = Expression.sequence(Expression.text("."), digits);
        return orNothing ? Expression.optional(fraction) : fraction;
    }

    private static Expression digits(int first, int last) {
        return new Characters(CodePoints.of(first, last));
    }

    private static String whole(BigDecimal number) {
        return number.toBigInteger().toString();
    }

    /** Returns the digits after the point, without zeros at the end. */
    private static String fraction(BigDecimal number) {
        String plain = number.stripTrailingZeros().toPlainString();
        return plain.contains(".") ? plain.substring(plain.indexOf('.') + 1) : "";
    }

    /** Returns the automaton of decimal numbers that are multiples of {@code divisor}; a state is a remainder. */
    private static Automaton multiples(int divisor) {
        List<List<Automaton.Edge>> edges = new ArrayList<>();
        for (int remainder = 0; remainder < divisor; remainder++) {
            List<Automaton.Edge> outgoing = new ArrayList<>();
            for (int digit = 0; digit < 10; digit++) {
                outgoing.add(new Automaton.Edge('0' + digit, '0' + digit, (remainder * 10 + digit) % divisor));
            }
            edges.add(outgoing);
        }
        BitSet accepting = new BitSet();
        accepting.set(0);
        return new Automaton(edges, accepting);
    }
}
