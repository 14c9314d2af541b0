package io.github.t6j.jmh;

import io.github.t6j.jmh.report.ReportCommand;
import java.io.IOException;
import java.util.Arrays;

/** JMH's command line; with {@code report} for its first word that of the report. */
final class Commands {
    private Commands() {}

    /** Takes JMH's options, which {@code -h} lists, or the report's: {@code report -h}; the exit code. */
    static int run(String[] args) throws IOException {
        if (args.length > 0 && args[0].equals("report")) {
            return ReportCommand.run(Arrays.copyOfRange(args, 1, args.length));
        }
        return PlainJmh.run(args);
    }
}
