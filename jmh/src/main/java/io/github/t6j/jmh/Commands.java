package io.github.t6j.jmh;

import io.github.t6j.jmh.load.LoadCommand;
import io.github.t6j.jmh.report.ReportCommand;
import java.io.IOException;
import java.util.Arrays;

/** JMH's command line; with {@code report} or {@code load} for its first word those commands'. */
final class Commands {
    private Commands() {}

    /** Takes JMH's options, which {@code -h} lists, or those of {@code report -h} and {@code load -h}; the exit code. */
    static int run(String[] args) throws IOException {
        if (args.length > 0 && args[0].equals("report")) {
            return ReportCommand.run(Arrays.copyOfRange(args, 1, args.length));
        }
        if (args.length > 0 && args[0].equals("load")) {
            return LoadCommand.run(Arrays.copyOfRange(args, 1, args.length));
        }
        return PlainJmh.run(args);
    }
}
