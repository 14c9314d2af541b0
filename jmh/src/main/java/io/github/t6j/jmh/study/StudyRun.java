package io.github.t6j.jmh.study;

import java.util.Locale;

/**
 * A run of the study.
 *
 * @param preset preset of the model
 * @param rate largest learning rate
 * @param seed seed of the weights and of the order of the data
 * @param tokens approximate number of tokens to train on
 */
record StudyRun(String preset, double rate, long seed, long tokens) {
    /** Returns the name of its files. */
    String name() {
        return String.format(Locale.ROOT, "%s-%.0fk-%s-%d", preset, tokens / 1e3, rate, seed);
    }
}
