package io.github.t6j.cli;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;

/**
 * Where messages go. The JVM warns on stderr that the Vector API is an incubator module, before any code of ours runs
 * and whatever its options; so bin/t6j starts it with stderr elsewhere and names the real one in a property.
 */
final class Stderr {
    private Stderr() {}

    /** The file that system property t6j.stderr names, written at its end; else {@link System#err}. */
    static PrintStream open() throws IOException {
        String file = System.getProperty("t6j.stderr");
        return file == null
                ? System.err
                : new PrintStream(new FileOutputStream(file, true), true, System.err.charset());
    }
}
