package io.github.t6j.cli.io;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Width of output for people. */
public final class TerminalWidth {
    private static final int MIN_COLUMNS = 60;
    private static final int MAX_COLUMNS = 100;
    private static final int UNKNOWN = 80;

    private TerminalWidth() {}

    /**
     * Returns the columns, 60 to 100: from COLUMNS, or else of the terminal, or else 80.
     *
     * @param watched true if standard error is a terminal
     */
    public static int of(Map<String, String> environment, boolean watched) {
        int columns = columns(environment, watched);
        return columns == 0 ? UNKNOWN : Math.clamp(columns, MIN_COLUMNS, MAX_COLUMNS);
    }

    /** Returns all columns, or 0 if they are unknown. */
    public static int columns(Map<String, String> environment, boolean watched) {
        int columns = number(environment.getOrDefault("COLUMNS", ""));
        return columns <= 0 && watched ? ofTerminal() : Math.max(0, columns);
    }

    private static int number(String text) {
        try {
            return Integer.parseInt(text.strip());
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    /** Asks the terminal, since shells do not export COLUMNS. Returns 0 if the width is unknown, as on Windows. */
    private static int ofTerminal() {
        try {
            Process stty = new ProcessBuilder("stty", "size").redirectInput(new File("/dev/tty"))
                    .redirectError(ProcessBuilder.Redirect.DISCARD).start();
            String size = new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII); // "24 80"
            return stty.waitFor(1, TimeUnit.SECONDS) ? number(size.substring(size.indexOf(' ') + 1)) : 0;
        } catch (IOException e) {
            return 0;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return 0;
        }
    }
}
