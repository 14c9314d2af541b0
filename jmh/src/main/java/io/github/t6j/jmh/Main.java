package io.github.t6j.jmh;

import java.io.IOException;

/** Where the jar starts. For Java 11, so that a java too old for the rest can say so. */
public final class Main {
    private static final int NEEDED = 25;

    private Main() {}

    /** {@link Commands#run} on a java that can; else says which is needed, and exits with 1. */
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
