package io.github.t6j.jmh.report;

import java.text.FieldPosition;
import java.text.NumberFormat;
import java.text.ParsePosition;
import java.util.function.DoubleFunction;

/** Formats an axis's numbers with a function. */
final class TickFormat extends NumberFormat {
    private static final long serialVersionUID = 1;

    private final transient DoubleFunction<String> text;

    TickFormat(DoubleFunction<String> text) {
        this.text = text;
    }

    @Override
    public StringBuffer format(double number, StringBuffer to, FieldPosition position) {
        return to.append(text.apply(number));
    }

    @Override
    public StringBuffer format(long number, StringBuffer to, FieldPosition position) {
        return format((double) number, to, position);
    }

    @Override
    public Number parse(String source, ParsePosition position) {
        throw new UnsupportedOperationException("expected to format numbers only, found a text to parse");
    }
}
