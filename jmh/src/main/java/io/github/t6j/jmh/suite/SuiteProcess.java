package io.github.t6j.jmh.suite;

import io.github.t6j.jmh.Kernel;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Process that runs a suite. In a JVM without {@link #QUIET}, JMH's first call of sun.misc.Unsafe prints four lines of
 * warnings, and only an option of the command line can prevent that.
 */
public final class SuiteProcess {
    private static final String QUIET = "--sun-misc-unsafe-memory-access=allow";

    /** Exit code of a suite that cannot read or write its results. */
    private static final int NOT_RUN = 3;

    private SuiteProcess() {}

    /**
     * Runs a suite with this JVM's options, and stops it together with this JVM.
     *
     * @param command command that goes on after Ctrl-C
     * @return 0, or 1 if a point failed; another exit code if the process was stopped, or could not begin
     */
    public static int run(String suite, Path json, String command) throws IOException {
        List<String> java = new ArrayList<>();
        java.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        java.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        java.addAll(List.of(QUIET, "-cp", System.getProperty("java.class.path"), SuiteProcess.class.getName(), suite,
                json.toString(), command));
        return Kernel.end(new ProcessBuilder(java).inheritIO().start());
    }

    /** Runs a suite: its name, the file of results, and the command that goes on after Ctrl-C. */
    public static void main(String[] args) {
        try {
            measure(args);
        } catch (IllegalArgumentException | IOException failure) {
            System.err.println("report: " + failure.getMessage());
            System.exit(NOT_RUN);
        }
    }

    private static void measure(String... args) throws IOException {
        Suite suite = Suite.of(args[0], Runtime.getRuntime().availableProcessors());
        SuiteRun run = new SuiteRun(suite, Path.of(args[1]), System.err);
        Thread stop = new Thread(() -> run.stop(args[2]));
        Runtime.getRuntime().addShutdownHook(stop);
        int failed = run.run();
        if (!run.isStopped()) {
            Runtime.getRuntime().removeShutdownHook(stop);
            System.exit(failed == 0 ? 0 : 1);
        }
    }
}
