package io.github.t6j.cli.io;

import io.github.t6j.cli.Main;
import java.util.function.IntSupplier;
import org.jline.utils.Signals;

/** Columns of the terminal, which is asked when they are first needed, and again after its window was resized. */
public final class TerminalColumns implements IntSupplier, AutoCloseable {
    private static final String RESIZED = "WINCH";
    private static final int UNKNOWN = -1;

    private final Main main;
    private final Object before; // the signal's handler before ours
    private volatile int columns = UNKNOWN;

    public TerminalColumns(Main main) {
        this.main = main;
        before = main.shown ? Signals.register(RESIZED, () -> columns = UNKNOWN) : null;
    }

    /** Returns the columns; 0 if standard output is no terminal, or they are unknown. */
    @Override
    public int getAsInt() {
        if (columns == UNKNOWN) {
            columns = main.shown ? TerminalWidth.columns(main.environment, true) : 0;
        }
        return columns;
    }

    @Override
    public void close() {
        if (main.shown) {
            Signals.unregister(RESIZED, before);
        }
    }
}
