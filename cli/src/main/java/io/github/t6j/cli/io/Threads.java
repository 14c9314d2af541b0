package io.github.t6j.cli.io;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** {@code --threads}, of every command that computes. */
public final class Threads {
    /** Maximum number of threads per core; more would only wait for each other. */
    private static final int PER_CORE = 4;

    @Option(names = {"-t", "--threads"}, paramLabel = "N",
            description = "Number of threads (default: the configuration's, or one per core).")
    private Integer threads;

    /**
     * Checks the number.
     *
     * @param spec the command
     * @throws picocli.CommandLine.ParameterException if it is out of range
     */
    public void check(CommandSpec spec) {
        if (threads != null) {
            Range.atLeast(spec, "--threads", threads, 1);
            Range.atMost(spec, "--threads", threads, max(), PER_CORE + " times the cores");
        }
    }

    /** Returns the largest number. */
    public static int max() {
        return PER_CORE * Runtime.getRuntime().availableProcessors();
    }

    public int count() {
        return threads == null ? Runtime.getRuntime().availableProcessors() : threads;
    }
}
