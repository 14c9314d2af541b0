package io.github.t6j.jmh.study;

import java.util.Locale;

/**
 * A run of the study.
 *
 * @param preset what is trained
 * @param rate the largest learning rate
 * @param seed of the weights and of the order of the data
 * @param tokens how many it learns from, about
 */
record StudyRun(String preset, double rate, long seed, long tokens) {
    /** What its files are called. */
    String name() {
        return String.format(Locale.ROOT, "%s-%.0fk-%s-%d", preset, tokens / 1e3, rate, seed);
    }
}
