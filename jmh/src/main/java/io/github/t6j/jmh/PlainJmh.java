package io.github.t6j.jmh;

import java.io.IOException;
import java.lang.reflect.Proxy;
import org.openjdk.jmh.runner.Defaults;
import org.openjdk.jmh.runner.NoBenchmarksException;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormat;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * JMH as its own command line runs it, with other exit codes. A failed benchmark makes the exit code 1, which JMH
 * itself ignores. A {@link SkippedException} benchmark does not, while {@code -foe true} would stop there.
 */
final class PlainJmh {
    private int started;
    private int ended;
    private int skipped;
    private boolean skipping; // true if the benchmark started last is skipped

    private PlainJmh() {}

    /** @return the exit code */
    static int run(String[] args) throws IOException {
        try {
            CommandLineOptions options = new CommandLineOptions(args);
            if (asksOnly(options) || options.shouldFailOnError().hasValue()) {
                org.openjdk.jmh.Main.main(args);
                return 0;
            }
            return new PlainJmh().run(options);
        } catch (CommandLineOptionException | NoBenchmarksException failure) {
            System.err
                    .println(failure.getMessage() == null ? "no such benchmark; -l lists them" : failure.getMessage());
            return 1;
        } catch (RunnerException failure) {
            failure.printStackTrace();
            return 1;
        }
    }

    private static boolean asksOnly(CommandLineOptions options) {
        return options.shouldHelp() || options.shouldList() || options.shouldListWithParams()
                || options.shouldListProfilers() || options.shouldListResultFormats();
    }

    private int run(CommandLineOptions options) throws RunnerException {
        OutputFormat format = OutputFormatFactory.createFormatInstance(
                System.out, options.verbosity().orElse(Defaults.VERBOSITY));
        OutputFormat watched = (OutputFormat) Proxy.newProxyInstance(
                PlainJmh.class.getClassLoader(), new Class<?>[] {OutputFormat.class}, (proxy, method, arguments) -> {
                    watch(method.getName(), arguments);
                    return method.invoke(format, arguments);
                });
        new Runner(new OptionsBuilder().parent(options).shouldFailOnError(false).build(), watched).run();
        int failed = started - ended - skipped;
        if (skipped > 0 || failed > 0) {
            System.err.println(started + " combinations: " + ended + " measured, " + skipped + " skipped, " + failed
                    + " failed; the reasons are above");
        }
        return failed > 0 ? 1 : 0;
    }

    private void watch(String event, Object[] arguments) {
        switch (event) {
            case "startBenchmark" -> {
                started++;
                skipping = false;
            }
            case "endBenchmark" -> ended += arguments[0] == null ? 0 : 1;
            case "println" -> {
                if (!skipping && arguments[0].toString().contains(SkippedException.class.getName())) {
                    skipping = true;
                    skipped++;
                }
            }
            default -> {
            }
        }
    }
}
