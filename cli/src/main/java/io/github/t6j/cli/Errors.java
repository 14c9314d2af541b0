package io.github.t6j.cli;

import io.github.t6j.ModelFormatException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.Arrays;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Turns exceptions into one line on standard error and an exit code. */
final class Errors implements IParameterExceptionHandler, IExecutionExceptionHandler {
    private final Main main;

    Errors(Main main) {
        this.main = main;
    }

    /** A wrong command line. */
    @Override
    public int handleParseException(ParameterException e, String[] args) {
        String command = e.getCommandLine().getCommandSpec().qualifiedName();
        show(e.getMessage().replaceFirst("^Error: ", "") + suggestion(e) + " (see " + command + " --help)", e,
                Arrays.asList(args).contains("--verbose"));
        return Main.BAD_USAGE;
    }

    private static String suggestion(ParameterException e) {
        List<String> similar =
                e instanceof UnmatchedArgumentException unmatched ? unmatched.getSuggestions() : List.of();
        return similar.isEmpty() ? "" : "; did you mean " + String.join(" or ", similar) + "?";
    }

    /** A command that failed. */
    @Override
    public int handleExecutionException(Exception e, CommandLine commandLine, ParseResult parsed) {
        if (e instanceof Output.Broken broken && broken.isClosedPipe()) {
            return Main.DONE;
        }
        show(describe(e), e, main.verbose);
        return Main.FAILED;
    }

    int outOfMemory(OutOfMemoryError e) {
        show("out of memory (" + e.getMessage() + "): try --load mmap, a smaller --context, or more memory for Java "
                + "(JAVA_TOOL_OPTIONS=-Xmx8g)", e, main.verbose);
        return Main.FAILED;
    }

    private void show(String message, Throwable e, boolean withTrace) {
        main.note(Text.printable(String.join(" ", message.strip().split("\\R\\s*")), LONGEST));
        if (withTrace) {
            e.printStackTrace(main.err);
        }
    }

    /** Characters of a message at most: it may quote a file. */
    private static final int LONGEST = 2000;

    private static String describe(Exception e) {
        return switch (e) {
            case UncheckedIOException unchecked -> describe(unchecked.getCause());
            case IOException io -> describe(io);
            case CommandFailure failure -> failure.getMessage();
            case ModelFormatException format -> format.getMessage();
            case Output.Broken broken -> broken.getMessage();
            case IllegalArgumentException argument when argument.getMessage() != null -> argument.getMessage();
            case IllegalStateException state when state.getMessage() != null -> state.getMessage();
            default -> "internal error: " + e + " (run again with --verbose and report what it shows)";
        };
    }

    private static String describe(IOException e) {
        return switch (e) {
            case NoSuchFileException missing -> missing.getFile() + ": no such file or folder";
            case FileNotFoundException missing -> missing.getMessage();
            case AccessDeniedException denied -> denied.getFile() + ": permission denied";
            case FileAlreadyExistsException exists -> exists.getFile() + ": exists already";
            case NotDirectoryException file -> file.getFile() + ": expected a folder, found a file";
            case FileSystemException other when other.getReason() == null -> other.getFile() + ": cannot be used";
            default -> e.getMessage() == null ? e.toString() : e.getMessage();
        };
    }
}
