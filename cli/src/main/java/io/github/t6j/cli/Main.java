package io.github.t6j.cli;

import io.github.t6j.T6j;
import io.github.t6j.cli.bench.BenchCommand;
import io.github.t6j.cli.chat.ChatCommand;
import io.github.t6j.cli.config.ConfigCommand;
import io.github.t6j.cli.config.Settings;
import io.github.t6j.cli.embed.EmbedCommand;
import io.github.t6j.cli.embed.RerankCommand;
import io.github.t6j.cli.evaluate.Choice;
import io.github.t6j.cli.evaluate.LogitsCommand;
import io.github.t6j.cli.evaluate.PerplexityCommand;
import io.github.t6j.cli.evaluate.ScoreCommand;
import io.github.t6j.cli.evaluate.Values;
import io.github.t6j.cli.generate.GenerateCommand;
import io.github.t6j.cli.io.Errors;
import io.github.t6j.cli.io.Output;
import io.github.t6j.cli.io.Stderr;
import io.github.t6j.cli.io.Style;
import io.github.t6j.cli.io.TerminalWidth;
import io.github.t6j.cli.io.WordWrap;
import io.github.t6j.cli.models.ConvertCommand;
import io.github.t6j.cli.models.InitCommand;
import io.github.t6j.cli.models.InspectCommand;
import io.github.t6j.cli.models.ModelsCommand;
import io.github.t6j.cli.models.PullCommand;
import io.github.t6j.cli.models.TokenizeCommand;
import io.github.t6j.cli.serve.ServeCommand;
import io.github.t6j.cli.train.GradientsCommand;
import io.github.t6j.cli.train.TokenizerCommand;
import io.github.t6j.cli.train.TrainCommand;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.BiConsumer;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** {@code t6j}: reads the command line, runs a command, and turns errors into one line and an exit code. */
@Command(
        name = "t6j",
        description = "Runs Tensor Product Attention transformers (the T6 family) on the CPU.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        customSynopsis = "t6j COMMAND [OPTIONS]; t6j help COMMAND lists them",
        footer = "Exit codes: 0 done, 1 failed, 2 bad usage, 130 interrupted.")
public final class Main implements Callable<Integer> {
    public static final int DONE = CommandLine.ExitCode.OK;
    public static final int FAILED = CommandLine.ExitCode.SOFTWARE;
    public static final int BAD_USAGE = CommandLine.ExitCode.USAGE;
    public static final int INTERRUPTED = 130;

    /** Longest time in seconds from the launcher to a command. */
    private static final double LONGEST_START = 60;

    /** Length of a line that fits every terminal. */
    private static final int SHORT = 60;

    private static final List<Class<?>> COMMANDS = List.of(
            GenerateCommand.class, ChatCommand.class, EmbedCommand.class, RerankCommand.class,
            ServeCommand.class,
            ConfigCommand.class,
            PullCommand.class, ModelsCommand.class, InspectCommand.class, ConvertCommand.class, InitCommand.class,
            TrainCommand.class, TokenizerCommand.class,
            BenchCommand.class, PerplexityCommand.class, ScoreCommand.class, TokenizeCommand.class,
            LogitsCommand.class, GradientsCommand.class,
            HelpCommand.class);

    public final InputStream in;
    public final Output out;
    public final PrintStream err;
    /** True if input and output are a terminal: no pipe or file. */
    public final boolean terminal;
    /** True if standard output is a terminal, whatever the input. */
    public final boolean shown;
    /** True if standard error is a terminal, so that progress may be shown. */
    public final boolean watched;
    /** Environment variables. */
    public final Map<String, String> environment;
    /** True after Ctrl-C or SIGTERM, if the command shuts down cleanly. */
    public volatile boolean interrupted;

    @Option(names = "--verbose", scope = ScopeType.INHERIT, description = "Show the stack trace of an error.")
    public boolean verbose;

    private final Settings settings;

    private boolean isProcess; // began by the launcher
    private volatile BiConsumer<String, String> log; // takes levels and messages for people; null for standard error

    @Spec
    private CommandSpec spec;

    public Main(InputStream in, OutputStream out, PrintStream err, boolean terminal) {
        this(in, out, err, terminal, terminal, System.getenv());
    }

    public Main(
            InputStream in, OutputStream out, PrintStream err, boolean terminal, boolean watched,
            Map<String, String> environment) {
        this(in, out, err, terminal, terminal, watched, environment);
    }

    private Main(
            InputStream in, OutputStream out, PrintStream err, boolean terminal, boolean shown, boolean watched,
            Map<String, String> environment) {
        this.in = in;
        this.out = new Output(out);
        this.err = err;
        this.terminal = terminal;
        this.shown = shown;
        this.watched = watched;
        this.environment = environment;
        settings = Settings.of(environment);
    }

    /** Returns the seconds since the process began, including the launcher; 0 inside another program. */
    public double secondsOfProcess() {
        return isProcess
                ? ProcessHandle.current().info().startInstant()
                        .map(begun -> Duration.between(begun, Instant.now()).toMillis() / 1e3)
                        .filter(seconds -> seconds > 0 && seconds < LONGEST_START) // else the clock was set
                        .orElse(0.0)
                : 0;
    }

    /** Runs the command that {@code args} name and ends the process with its exit code. */
    public static void main(String[] args) {
        boolean terminal = System.console() != null && System.console().isTerminal();
        // From the launcher, which can check single streams, and knows the original stderr.
        boolean shown = Boolean.parseBoolean(System.getProperty("t6j.shown", "" + terminal));
        boolean watched = Boolean.parseBoolean(System.getProperty("t6j.watched", "" + terminal));
        InputStream in = new FileInputStream(FileDescriptor.in);
        OutputStream out = new FileOutputStream(FileDescriptor.out);
        System.setErr(Stderr.open());
        Main main = new Main(in, out, System.err, terminal, shown, watched, System.getenv());
        main.isProcess = true;
        int code = main.run(args);
        if (code != DONE) {
            System.exit(code); // 10 ms slower than returning, since it asks the JDK's loggers whether to log it
        }
    }

    /** Runs the command that {@code args} name. @return the exit code */
    public int run(String... args) {
        CommandLine commandLine = commandLine(args);
        Errors errors = new Errors(this);
        commandLine.setDefaultValueProvider(settings).setExecutionStrategy(settings);
        commandLine.setParameterExceptionHandler(errors);
        commandLine.setExecutionExceptionHandler(errors);
        try {
            return errors.checked(commandLine.execute(args));
        } catch (OutOfMemoryError e) {
            return errors.outOfMemory(e);
        } catch (Error e) {
            return errors.internal(e);
        }
    }

    /** Returns the commands that {@code args} may name; without any, all commands. */
    CommandLine commandLine(String... args) {
        PrintWriter help = new PrintWriter(out.stream(), true, StandardCharsets.UTF_8);
        CommandLine commandLine = new CommandLine(this);
        // First, since the settings below apply to the commands added so far.
        commands(args).forEach(commandLine::addSubcommand);
        commandLine.setOut(help).setErr(new PrintWriter(err, true)).setExpandAtFiles(false);
        Choice.register(commandLine);
        Values.register(commandLine);
        addHelp(commandLine);
        UsageHelp.register(commandLine, this);
        return commandLine;
    }

    /** Returns the defaults of options. */
    public Settings settings() {
        return settings;
    }

    /** Returns the style of output for people. */
    public Style style() {
        return Style.of(shown, environment);
    }

    /** Returns the width of output for people in columns. */
    public int width() {
        return TerminalWidth.of(environment, watched);
    }

    /** Adds --help and --version to all commands below {@code parent}. */
    private static void addHelp(CommandLine parent) {
        for (CommandLine command : parent.getSubcommands().values()) {
            if (!command.getCommandSpec().helpCommand()) {
                command.getCommandSpec().mixinStandardHelpOptions(true).versionProvider(new Version());
                addHelp(command);
            }
        }
    }

    /**
     * Returns the commands that {@code args} may name. Reading the options of all commands takes 70 ms, more than
     * everything else before a command runs.
     */
    private static List<Class<?>> commands(String... args) {
        if (args.length == 1 && (args[0].equals("--version") || args[0].equals("-V"))) {
            return List.of();
        }
        for (Class<?> command : COMMANDS) {
            Command names = command.getAnnotation(Command.class);
            if (args.length > 0 && command != HelpCommand.class
                    && (names.name().equals(args[0]) || List.of(names.aliases()).contains(args[0]))) {
                return List.of(command);
            }
        }
        return COMMANDS;
    }

    /** Sends notes and errors to {@code receiver}, with the level info or error, instead of standard error. */
    public void sendMessages(BiConsumer<String, String> receiver) {
        log = receiver;
    }

    /** Prints the error that ends a command, as {@link #note} does. */
    public void error(String text) {
        print("error", text);
    }

    /** Prints a line to standard error, for people; on a terminal it breaks between words. */
    public void note(String text) {
        print("info", text);
    }

    private void print(String level, String text) {
        if (log != null) {
            log.accept(level, text);
            return;
        }
        String line = "t6j: " + text;
        int columns = watched && line.length() > SHORT ? TerminalWidth.columns(environment, true) : 0;
        StringBuilder lines = new StringBuilder();
        WordWrap wrap = new WordWrap(() -> columns, lines::append);
        wrap.append(line);
        wrap.end();
        err.println(lines);
    }

    /** Prints a line to standard error as it is, for programs. */
    public void line(String text) {
        err.println(text);
    }

    @Override
    public Integer call() {
        spec.commandLine().usage(err);
        return BAD_USAGE;
    }

    /** Provides the version of the engine, which all modules share. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"t6j " + T6j.version() + " (Java " + Runtime.version() + ")"};
        }
    }
}
