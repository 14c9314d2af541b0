package io.github.t6j.cli;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.lang.module.ModuleDescriptor;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
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
        footer = {
            "",
            "Exit codes: 0 done, 1 failed, 2 bad usage, 130 interrupted.",
            "",
            "Examples:",
            "  t6j generate \"The whale\"",
            "  t6j chat -m DIR",
            "  t6j inspect -m DIR --tensors",
            "  t6j help generate"
        })
final class Main implements Callable<Integer> {
    static final int DONE = CommandLine.ExitCode.OK;
    static final int FAILED = CommandLine.ExitCode.SOFTWARE;
    static final int BAD_USAGE = CommandLine.ExitCode.USAGE;
    static final int INTERRUPTED = 130;

    private static final List<Class<?>> COMMANDS = List.of(
            GenerateCommand.class, ChatCommand.class, ServeCommand.class, PullCommand.class, ModelsCommand.class,
            TrainCommand.class, GradientsCommand.class, LogitsCommand.class, PerplexityCommand.class,
            ScoreCommand.class,
            InspectCommand.class, TokenizeCommand.class, TokenizerCommand.class, ConvertCommand.class,
            InitCommand.class,
            BenchCommand.class, HelpCommand.class);

    final InputStream in;
    final Output out;
    final PrintStream err;
    /** True if input and output are a terminal: no pipe or file. */
    final boolean terminal;
    /** True if standard error is a terminal, so that progress may be shown. */
    final boolean watched;
    /** Environment variables. */
    final Map<String, String> environment;
    /** True after Ctrl-C or SIGTERM, if the command ends by itself. */
    volatile boolean interrupted;

    @Option(names = "--verbose", scope = ScopeType.INHERIT, description = "Show the stack trace of an error.")
    boolean verbose;

    @Spec
    private CommandSpec spec;

    Main(InputStream in, OutputStream out, PrintStream err, boolean terminal) {
        this(in, out, err, terminal, terminal, System.getenv());
    }

    Main(
            InputStream in, OutputStream out, PrintStream err, boolean terminal, boolean watched,
            Map<String, String> environment) {
        this.in = in;
        this.out = new Output(out);
        this.err = err;
        this.terminal = terminal;
        this.watched = watched;
        this.environment = environment;
    }

    /** Runs the command that {@code args} name and ends the process with its exit code. */
    public static void main(String[] args) {
        boolean terminal = System.console() != null && System.console().isTerminal();
        String watched = System.getProperty("t6j.watched"); // from the launcher, which knows the original stderr
        InputStream in = new FileInputStream(FileDescriptor.in);
        OutputStream out = new FileOutputStream(FileDescriptor.out);
        System.setErr(Stderr.open());
        int code = new Main(in, out, System.err, terminal, watched == null ? terminal : watched.equals("true"),
                System.getenv()).run(args);
        if (code != DONE) {
            System.exit(code); // 10 ms slower than returning, since it asks the JDK's loggers whether to log it
        }
    }

    /** Runs the command that {@code args} name. @return the exit code */
    int run(String... args) {
        CommandLine commandLine = commandLine(args);
        Errors errors = new Errors(this);
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

    /** Returns the style of output for people. */
    Style style() {
        return Style.of(terminal, environment);
    }

    /** Returns the width of output for people in columns. */
    int width() {
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
            if (args.length > 0 && command.getAnnotation(Command.class).name().equals(args[0])
                    && command != HelpCommand.class) {
                return List.of(command);
            }
        }
        return COMMANDS;
    }

    /** Prints a line to standard error, for people. */
    void note(String text) {
        err.println("t6j: " + text);
    }

    @Override
    public Integer call() {
        spec.commandLine().usage(err);
        return BAD_USAGE;
    }

    /** Provides the version that the build wrote into the module. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            ModuleDescriptor module = Main.class.getModule().getDescriptor();
            String version = module == null ? "(unknown version)" : module.rawVersion().orElse("(unknown version)");
            return new String[] {"t6j " + version + " (Java " + Runtime.version() + ")"};
        }
    }
}
