package io.github.t6j.jmh.report;

/**
 * A drawn figure.
 *
 * @param name of its file, without the ending
 * @param title what it shows, also for who cannot see it
 */
record Plot(String name, String title, String svg) {}
