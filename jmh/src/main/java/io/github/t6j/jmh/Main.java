package io.github.t6j.jmh;

import java.io.IOException;

/** Entry point of the jar, compiled for Java 11, so that an older java can report that it is too old. */
public final class Main {
    private static final int NEEDED = 25;

    private Main() {}

    /** Runs {@link Commands#run} on a supported JDK; otherwise prints the required version, and exits with 1. */
    public static void main(String[] args) throws IOException {
        int found = Runtime.version().feature();
        if (found < NEEDED) {
            System.err.printf(
                    "benchmarks.jar: expected JDK %d or newer, found Java %d in %s; start it with bin/java of a JDK %d.%n",
                    NEEDED, found, System.getProperty("java.home"), NEEDED);
            System.exit(1);
        }
        System.exit(Commands.run(args));
    }
}
