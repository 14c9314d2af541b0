package io.github.t6j.jmh;

import io.github.t6j.jmh.report.ReportCommand;
import java.io.IOException;
import java.util.Arrays;

/** JMH's command line; with {@code report} for its first word that of the report. */
public final class Main {
    private Main() {}

    /** Takes JMH's options, which {@code -h} lists, or the report's: {@code report -h}. */
    public static void main(String[] args) throws IOException {
        if (args.length > 0 && args[0].equals("report")) {
            System.exit(ReportCommand.run(Arrays.copyOfRange(args, 1, args.length)));
        }
        System.exit(PlainJmh.run(args));
    }
}
