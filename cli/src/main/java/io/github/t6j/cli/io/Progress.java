package io.github.t6j.cli.io;

import io.github.t6j.cli.Main;
import java.util.Locale;
import java.util.function.Supplier;

/** Progress of a long command, on one line of the terminal; nothing if standard error is not a terminal. */
public final class Progress implements AutoCloseable {
    private static final long PATIENCE = 1_000_000_000L;
    private static final long INTERVAL = 200_000_000L;

    private final Main main;
    private final String what;
    private final ShutdownHook hook; // clears the line, where the shell's prompt appears after Ctrl-C
    private long next = System.nanoTime() + PATIENCE;
    private int shown;
    private boolean closed;

    public Progress(Main main, String what) {
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
            say(String.format(Locale.ROOT, "%.1f %%", 100.0 * done / total) + (more.isEmpty() ? "" : ": " + more));
            next = System.nanoTime() + INTERVAL;
        }
    }

    /** Formats a duration in one unit. */
    public static String time(long seconds) {
        return seconds < 100 ? seconds + " s" : seconds < 6000 ? seconds / 60 + " min" : seconds / 3600 + " h";
    }

    public synchronized void say(String how) {
        if (!closed && main.watched) {
            show(Text.printable((what + " " + how).strip(), Integer.MAX_VALUE));
        }
    }

    /** Runs {@code printing}, which prints lines: clears the progress first; the next update shows it again. */
    public synchronized void interrupt(Runnable printing) {
        erase();
        printing.run();
    }

    private void show(String line) {
        main.err.print("\r" + line + " ".repeat(Math.max(0, shown - line.length())));
        main.err.flush();
        shown = line.length();
    }

    /** Clears the line. */
    private synchronized void clear() {
        closed = true;
        erase();
    }

    private void erase() {
        if (shown > 0) {
            show("");
            main.err.print("\r");
            main.err.flush();
        }
    }

    @Override
    public void close() {
        clear();
        hook.close();
    }
}
