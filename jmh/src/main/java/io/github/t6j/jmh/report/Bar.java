package io.github.t6j.jmh.report;

/**
 * A bar of a figure.
 *
 * @param text text of its number
 * @param aboveLimit true if it exceeds its limit, which the figure's notes explain
 */
record Bar(String label, Measured value, String text, boolean aboveLimit) {
    Bar(String label, Measured value, String text) {
        this(label, value, text, false);
    }
}
