package io.github.t6j.spark;

import io.github.t6j.T6jException;
import io.github.t6j.cli.evaluate.Choice;
import io.github.t6j.cli.evaluate.Values;
import io.github.t6j.cli.io.CommandFailure;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;

/** {@code t6j} on Spark: reads the command line, runs a job, and turns errors into one line and an exit code. */
@Command(
        name = "t6j-spark",
        description = "Runs t6j's models over many documents on Spark.",
        mixinStandardHelpOptions = true,
        subcommands = {GenerateJob.class, ScoreJob.class, PerplexityJob.class, EmbedJob.class, HelpCommand.class},
        footer = {"", "Exit codes: 0 done, 1 failed, 2 bad usage."})
public final class Main {
    private static final int FAILED = CommandLine.ExitCode.SOFTWARE;
    private static final int BAD_USAGE = CommandLine.ExitCode.USAGE;

    private final PrintStream err;

    @Option(names = "--verbose", scope = ScopeType.INHERIT, description = "Show the stack trace of an error.")
    private boolean verbose;

    Main(PrintStream err) {
        this.err = err;
    }

    /** Runs the job that {@code args} name, and then stops Spark: a cluster treats an exit before that as a failure. */
    public static void main(String[] args) {
        int code = new Main(System.err).run(args);
        if (SparkSession.getDefaultSession().isDefined()) {
            SparkSession.getDefaultSession().get().stop();
        }
        if (code != CommandLine.ExitCode.OK) {
            System.exit(code);
        }
    }

    /** Runs the job that {@code args} name. @return the exit code */
    int run(String... args) {
        CommandLine commandLine = new CommandLine(this);
        commandLine.setErr(new PrintWriter(err, true, StandardCharsets.UTF_8)).setExpandAtFiles(false);
        commandLine.setUsageHelpWidth(100);
        Choice.register(commandLine);
        Values.register(commandLine);
        commandLine.setParameterExceptionHandler(this::badUsage);
        commandLine.setExecutionExceptionHandler(this::failed);
        return commandLine.execute(args);
    }

    /** Prints a line to standard error, for people. */
    void note(String text) {
        err.println("t6j-spark: " + text.strip().replaceAll("\\p{Cntrl}+\\s*", " "));
    }

    private int badUsage(ParameterException e, String[] args) {
        note(e.getMessage() + " (see " + e.getCommandLine().getCommandSpec().qualifiedName() + " --help)");
        return BAD_USAGE;
    }

    /** Reports a failure. Spark wraps an exception of a task several times, and adds its stack trace to the message. */
    private int failed(Exception e, CommandLine commandLine, ParseResult parsed) {
        Throwable cause = e;
        while (cause.getCause() != null && !isForUsers(cause)) {
            cause = cause.getCause();
        }
        note(isForUsers(cause) ? cause.getMessage() : cause.toString());
        if (verbose) {
            e.printStackTrace(err);
        }
        return FAILED;
    }

    private static boolean isForUsers(Throwable cause) {
        return cause instanceof CommandFailure || cause instanceof T6jException || cause instanceof AnalysisException;
    }
}
