package io.github.t6j.jmh.report;

/**
 * A bar of a figure.
 *
 * @param text of its number
 * @param aboveLimit whether it is longer than it should be, which the figure's notes explain
 */
record Bar(String label, Measured value, String text, boolean aboveLimit) {
    Bar(String label, Measured value, String text) {
        this(label, value, text, false);
    }
}
