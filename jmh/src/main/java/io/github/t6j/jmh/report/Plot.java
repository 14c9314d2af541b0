package io.github.t6j.jmh.report;

import java.util.List;

/**
 * A drawn figure.
 *
 * @param name name of its file, without the ending
 * @param title description of the figure, also for readers who cannot see it
 * @param notes sentences below it
 */
record Plot(String name, String title, String svg, List<String> notes) {
    Plot(String name, String title, String svg) {
        this(name, title, svg, List.of());
    }

    Plot with(List<String> newNotes) {
        return new Plot(name, title, svg, newNotes);
    }
}
