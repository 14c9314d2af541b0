package io.github.t6j.jmh;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.Callable;
import picocli.CommandLine;

/** Runs the commands of this jar, and reports their failures. */
public final class CommandRun {
    private CommandRun() {}

    /**
     * Runs a command.
     *
     * @return the exit code: 0 done, 1 failed with a message that begins with {@code name}, 2 bad usage
     */
    public static int run(Callable<Integer> command, String name, String... args) {
        return new CommandLine(command).setExecutionExceptionHandler((failure, line, parsed) -> {
            if (failure.getMessage() == null) {
                failure.printStackTrace();
            }
            line.getErr().println(name + ": " + message(failure));
            return CommandLine.ExitCode.SOFTWARE;
        }).execute(args);
    }

    private static String message(Exception failure) {
        return switch (failure) {
            case NoSuchFileException missing -> missing.getMessage() + ": expected a file, found none";
            case IOException unreadable -> "cannot read or write " + unreadable.getMessage();
            default -> failure.getMessage();
        };
    }
}
