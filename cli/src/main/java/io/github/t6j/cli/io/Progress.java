package io.github.t6j.cli.io;

import io.github.t6j.cli.Main;
import java.util.Locale;
import java.util.function.Supplier;

/** Progress of a long command, on one line of the terminal; nothing if standard error is not a terminal. */
public final class Progress implements AutoCloseable {
    private static final long PATIENCE = 1_000_000_000L;
    private static final long INTERVAL = 200_000_000L;

    /** Characters of ^C, which the terminal itself shows behind the line. */
    private static final int ECHO = 2;
    private static final int UNLIMITED = 10_000;

    private final Main main;
    private final String what;
    private final ShutdownHook hook; // clears the line, where the shell's prompt appears after Ctrl-C
    private long next;
    private int columns; // of the terminal; 0 before they are needed
    private int shown;
    private volatile boolean closed;

    public Progress(Main main, String what) {
        this(main, what, PATIENCE);
    }

    /** Progress that appears at the first update, not only after a second. */
    public static Progress atOnce(Main main, String what) {
        return new Progress(main, what, 0);
    }

    private Progress(Main main, String what, long patience) {
        next = System.nanoTime() + patience;
        this.main = main;
        this.what = what;
        hook = new ShutdownHook(this::clear);
    }

    public void update(double done, double total) {
        update(done, total, () -> "");
    }

    /** @param found results so far, or an empty text */
    public void update(double done, double total, Supplier<String> found) {
        if (main.watched && System.nanoTime() - next >= 0) {
            String more = found.get();
            print(String.format(Locale.ROOT, "%.1f %%", 100.0 * done / total) + (more.isEmpty() ? "" : ": " + more));
            next = System.nanoTime() + INTERVAL;
        }
    }

    /** Formats a duration in one unit. */
    public static String time(long seconds) {
        return seconds < 100 ? seconds + " s" : seconds < 6000 ? seconds / 60 + " min" : seconds / 3600 + " h";
    }

    public synchronized void print(String state) {
        if (!closed && main.watched) {
            String line = (what + " " + state).strip();
            show(Text.printable(line, Math.max(1, columns() - ECHO - 2))); // the last column stays empty
        }
    }

    /** Runs {@code printing}, which prints lines: clears the progress first; the next update shows it again. */
    public synchronized void interrupt(Runnable printing) {
        erase();
        printing.run();
    }

    private int columns() {
        if (columns == 0) {
            int found = TerminalWidth.columns(main.environment, true);
            columns = found > 0 ? found : UNLIMITED;
        }
        return columns;
    }

    private void show(String line) {
        write(line, shown - line.length());
        shown = line.length();
    }

    private void write(String line, int spaces) {
        main.err.print("\r" + line + " ".repeat(Math.max(0, spaces)));
        main.err.flush();
    }

    /** Clears the line. */
    private synchronized void clear() {
        closed = true;
        erase();
    }

    /** Clears the progress and ^C; the terminal shows ^C also where there is no progress yet. */
    private void erase() {
        if (shown > 0 || main.interrupted && main.watched) {
            write("", shown + ECHO);
            write("", 0);
            shown = 0;
        }
    }

    @Override
    public void close() {
        if (closed) {
            return; // the line may have text by now
        }
        clear();
        hook.close();
    }
}
