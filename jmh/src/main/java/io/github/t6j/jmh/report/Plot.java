package io.github.t6j.jmh.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A drawn figure.
 *
 * @param name name of its file, without the ending
 * @param title description of the figure, also for readers who cannot see it
 */
public record Plot(String name, String title, String svg) {
    /** Returns the image in Markdown. */
    @Override
    public String toString() {
        return "![" + title + "](plots/" + name + ".svg)";
    }

    /** Writes the files of {@code plots} below {@code out}. */
    public static void write(List<Plot> plots, Path out) throws IOException {
        Path folder = Files.createDirectories(out.resolve("plots"));
        for (Plot plot : plots) {
            Files.writeString(folder.resolve(plot.name + ".svg"), plot.svg);
        }
    }
}
