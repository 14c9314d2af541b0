package io.github.t6j.jmh;

import java.io.IOException;
import java.util.Arrays;
import java.util.stream.Stream;

/** JMH's command line, which ends with an error where a benchmark could not run: unasked, JMH would pass over it. */
public final class Main {
    private Main() {}

    /** Takes JMH's options; {@code -h} lists them. */
    public static void main(String[] args) throws IOException {
        boolean said = Arrays.asList(args).contains("-foe");
        Stream<String> failing = said ? Stream.empty() : Stream.of("-foe", "true");
        org.openjdk.jmh.Main.main(Stream.concat(failing, Arrays.stream(args)).toArray(String[]::new));
    }
}
