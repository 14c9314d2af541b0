package io.github.t6j.cli.io;

import io.github.t6j.T6jException;
import io.github.t6j.cli.Main;
import java.io.Closeable;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Turns exceptions into one line on standard error and an exit code. */
public final class Errors implements IParameterExceptionHandler, IExecutionExceptionHandler {
    /** Longest message in characters; a message may quote a file. */
    private static final int LONGEST = 2000;

    private static final List<String> TAKE_TEXT = List.of("generate", "tokenize", "chat");

    /** Commands of other programs, with ours that does the same. */
    private static final Map<String, String> ELSEWHERE = Map.of(
            "list", "t6j models lists the models on this machine",
            "ls", "t6j models lists the models on this machine",
            "ps", "no model runs in the background: t6j serve runs one until it is stopped",
            "rm", "t6j models --remove NAME removes a model",
            "show", "t6j inspect NAME describes a model",
            "create", "t6j convert SRC DST makes a model of other weights",
            "quantize", "t6j convert SRC DST --dtype q4_k quantises a model");

    private final Main main;

    public Errors(Main main) {
        this.main = main;
    }

    /** Reports a wrong command line. */
    @Override
    public int handleParseException(ParameterException e, String[] args) {
        String command = e.getCommandLine().getCommandSpec().qualifiedName();
        show(message(e) + " (see " + command + " --help)", e, Arrays.asList(args).contains("--verbose"));
        return Main.BAD_USAGE;
    }

    private static String message(ParameterException e) {
        if (e instanceof UnmatchedArgumentException unmatched && !e.getCommandLine().getSubcommands().isEmpty()
                && !unmatched.getUnmatched().getFirst().startsWith("-")) {
            return unknownCommand(e.getCommandLine(), unmatched.getUnmatched().getFirst());
        }
        String message = e.getMessage().replaceFirst("^Error: ", "");
        return (e instanceof UnmatchedArgumentException unmatched ? unmatched(unmatched, message) : message)
                + suggestion(e);
    }

    /** Returns a message about unknown options without the texts after them, which picocli lists as options. */
    private static String unmatched(UnmatchedArgumentException e, String message) {
        List<String> options = e.getUnmatched().stream().filter(Errors::isOption).toList();
        if (!e.getUnmatched().getFirst().startsWith("-")) {
            return message;
        }
        return options.isEmpty()
                ? "expected an option, found the text '" + e.getUnmatched().getFirst() + "'"
                : (options.size() == 1 ? "Unknown option: " : "Unknown options: ")
                        + options.stream().map(word -> "'" + word + "'").collect(Collectors.joining(", "));
    }

    /** Returns true for -x, --xyz and --xyz=a text; false for a text that begins with "- ". */
    private static boolean isOption(String word) {
        return word.startsWith("-") && word.split("=", 2)[0].chars().noneMatch(Character::isWhitespace);
    }

    /** Returns the message that {@code parent} has no command of this name, with similar names. */
    public static String unknownCommand(CommandLine parent, String name) {
        List<String> similar = Similar.to(name, parent.getSubcommands().keySet(), 2);
        return parent.getSubcommands().isEmpty()
                ? parent.getCommandSpec().qualifiedName() + " has no commands, found " + name
                : "no such command: " + name + (ELSEWHERE.containsKey(name) && parent.getParent() == null
                        ? "; " + ELSEWHERE.get(name)
                        : similar.isEmpty() ? "" : "; did you mean " + String.join(" or ", similar) + "?");
    }

    private static String suggestion(ParameterException e) {
        if (!(e instanceof UnmatchedArgumentException unmatched)) {
            return "";
        }
        List<String> similar = unmatched.getSuggestions();
        if (!similar.isEmpty()) {
            return "; did you mean " + String.join(" or ", similar) + "?";
        }
        if (!TAKE_TEXT.contains(e.getCommandLine().getCommandName())) {
            return "";
        }
        return unmatched.getUnmatched().getFirst().startsWith("-")
                ? "; put a text that begins with - last, after --"
                : "; put quotes around a text of several words";
    }

    /** Returns {@code code}, or a failure if the output of the command, such as help, could not be written. */
    public int checked(int code) {
        Output.Broken broken = main.out.broken();
        return code != Main.DONE || broken == null ? code : handleExecutionException(broken, null, null);
    }

    /** Reports a failed command. */
    @Override
    public int handleExecutionException(Exception e, CommandLine commandLine, ParseResult parsed) {
        if (e instanceof Output.Broken broken && broken.isClosedPipe()) {
            return Main.DONE;
        }
        if (main.interrupted || e instanceof CancellationException) {
            return Main.INTERRUPTED;
        }
        show(describe(e), e, main.verbose);
        return Main.FAILED;
    }

    public int outOfMemory(OutOfMemoryError e) {
        show("out of memory (" + e.getMessage()
                + "): give Java more memory (T6J_JAVA_OPTS=-Xmx8g), or compute less at once, "
                + "for example with a smaller --context or --batch", e, main.verbose);
        return Main.FAILED;
    }

    public int internal(Error e) {
        show(unexpected(e), e, main.verbose);
        return Main.FAILED;
    }

    private void show(String message, Throwable e, boolean withTrace) {
        main.error(line(message));
        if (withTrace) {
            StringWriter trace = new StringWriter();
            e.printStackTrace(new PrintWriter(trace));
            main.err.print(Text.printableLines(trace.toString()));
        }
    }

    /** Returns the error message on one line, for a command that continues. */
    public static String line(Exception e) {
        return line(describe(e));
    }

    private static String line(String message) {
        return Text.printable(String.join(" ", message.strip().split("\\R\\s*")), LONGEST);
    }

    private static String describe(Exception e) {
        return switch (e) {
            case UncheckedIOException unchecked when unchecked.getMessage().equals(unchecked.getCause().toString()) ->
                describe(unchecked.getCause());
            case UncheckedIOException unchecked -> unchecked.getMessage();
            case IOException io -> describe(io);
            case CommandFailure failure -> failure.getMessage();
            case T6jException refusal -> refusal.getMessage();
            case Output.Broken broken -> broken.getMessage();
            case IllegalArgumentException argument when argument.getMessage() != null -> argument.getMessage();
            case IllegalStateException state when state.getMessage() != null -> state.getMessage();
            default -> unexpected(e);
        };
    }

    private static String unexpected(Throwable e) {
        return "internal error: " + e + " (run again with --verbose and report its output)";
    }

    /** Returns a failure such as "FILE: cannot be read: permission denied", with the user's name for the file. */
    public static CommandFailure failure(Object file, String what, Exception e) {
        Throwable cause = e instanceof UncheckedIOException unchecked ? unchecked.getCause() : e;
        String reason = switch (cause) {
            case NoSuchFileException none -> "no such file or folder";
            case AccessDeniedException denied -> "permission denied";
            case FileAlreadyExistsException existing -> "a file of that name exists";
            case NotDirectoryException misplaced -> "not a folder";
            case FileSystemException other when other.getReason() != null -> other.getReason();
            case FileSystemException refused -> "refused by the operating system, without a reason";
            default -> cause.getMessage() == null ? cause.toString() : cause.getMessage();
        };
        return new CommandFailure(file + ": " + what + ": " + reason, cause);
    }

    /** Closes {@code resource}, of which {@code file} is the user's name; throws {@link #failure} if that fails. */
    public static void close(Closeable resource, Object file, String what) {
        try {
            resource.close();
        } catch (IOException e) {
            throw failure(file, what, e);
        }
    }

    private static String describe(IOException e) {
        return switch (e) {
            case NoSuchFileException missing -> missing.getFile() + ": no such file or folder";
            case FileNotFoundException missing -> missing.getMessage();
            case AccessDeniedException denied -> denied.getFile() + ": permission denied";
            case FileAlreadyExistsException exists -> exists.getFile() + ": already exists";
            case NotDirectoryException file -> file.getFile() + ": expected a folder, found a file";
            case FileSystemException other when other.getReason() == null ->
                other.getFile() + ": refused by the operating system, without a reason";
            default -> e.getMessage() == null ? e.toString() : e.getMessage();
        };
    }
}
