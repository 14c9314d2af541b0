package io.github.t6j.cli.io;

import io.github.t6j.cli.Main;
import io.github.t6j.cli.chat.ChatInput;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jline.reader.Buffer;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReader.Option;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.reader.impl.completer.StringsCompleter;
import org.jline.terminal.Terminal;
import org.jline.terminal.Terminal.Signal;
import org.jline.terminal.TerminalBuilder;
import org.jline.utils.Signals;

/**
 * Input of a person at a terminal, through JLine, which no other class uses: editing, history, pasted text as one
 * message, Ctrl-C and Ctrl-D.
 */
public final class TerminalInput implements ChatInput {
    private static final int HISTORY_LINES = 1000;

    private final Main main;
    private final Object interruptBefore; // the handler before ours
    private final Terminal terminal;
    private final LineReader reader;

    /**
     * @param history file for typed lines, or null
     * @param commands words that Tab completes
     * @param stop action of Ctrl-C while no line is being read
     */
    public TerminalInput(Main main, Path history, List<String> commands, Runnable stop) {
        this.main = main;
        // JLine briefly restores the previous handler whenever it sets another; that must not end the program.
        interruptBefore = Signals.register(Signal.INT.name(), stop);
        try {
            terminal = TerminalBuilder.builder().system(true).provider("ffm").graphemeCluster(false).build();
        } catch (IOException e) {
            Signals.unregister(Signal.INT.name(), interruptBefore);
            throw Errors.failure("terminal", "cannot be opened", e);
        }
        terminal.handle(Signal.INT, _ -> stop.run());
        reader = LineReaderBuilder.builder()
                .terminal(terminal)
                .completer(new StringsCompleter(commands))
                .option(Option.DISABLE_EVENT_EXPANSION, true) // an exclamation mark has no special meaning here
                .option(Option.BRACKETED_PASTE, true)
                .variable(LineReader.SECONDARY_PROMPT_PATTERN, "… ")
                .variable(LineReader.HISTORY_SIZE, HISTORY_LINES)
                .variable(LineReader.HISTORY_FILE_SIZE, HISTORY_LINES)
                .build();
        if (history != null) {
            reader.setVariable(LineReader.HISTORY_FILE, history);
        }
        reader.getWidgets().put(LineReader.ACCEPT_LINE, this::accept);
    }

    /** Handles Enter: the text is complete, or continues on the next line. */
    private boolean accept() {
        Buffer buffer = reader.getBuffer();
        String typed = buffer.toString();
        boolean open = ChatInput.isOpen(typed);
        if (!open && !typed.endsWith(GOES_ON)) {
            return reader.getBuiltinWidgets().get(LineReader.ACCEPT_LINE).apply();
        }
        buffer.cursor(buffer.length());
        if (!open) {
            buffer.backspace();
        }
        buffer.write('\n');
        return true;
    }

    @Override
    public String next() {
        while (!main.interrupted) {
            try {
                return reader.readLine("> ");
            } catch (UserInterruptException _) {
                if (!main.interrupted) {
                    main.note("Ctrl-D ends the chat");
                }
            } catch (EndOfFileException _) {
                return null;
            }
        }
        return null;
    }

    /** Restores the terminal. */
    @Override
    public void close() {
        try {
            Errors.close(terminal, "terminal", "cannot be closed");
        } finally {
            Signals.unregister(Signal.INT.name(), interruptBefore);
        }
    }
}
