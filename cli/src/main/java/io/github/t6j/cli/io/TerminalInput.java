package io.github.t6j.cli.io;

import io.github.t6j.cli.Main;
import io.github.t6j.cli.chat.ChatInput;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jline.keymap.KeyMap;
import org.jline.reader.Binding;
import org.jline.reader.Buffer;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReader.Option;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.Reference;
import org.jline.reader.UserInterruptException;
import org.jline.reader.impl.completer.StringsCompleter;
import org.jline.terminal.Terminal;
import org.jline.terminal.Terminal.Signal;
import org.jline.terminal.TerminalBuilder;
import org.jline.utils.InfoCmp.Capability;
import org.jline.utils.Signals;

/**
 * Input of a person at a terminal, through JLine: editing, history, pasted text as one message, Ctrl-C, Ctrl-D and
 * Ctrl-Z. Before the first line and between two lines, keys wait unseen in the terminal, and the next line begins with
 * them.
 */
public final class TerminalInput implements ChatInput {
    /** Action of Ctrl-C that ends the program, as without this class. */
    public static final Runnable END = () -> System.exit(Main.INTERRUPTED);

    private static final int HISTORY_LINES = 1000;
    private static final String SUSPEND = "suspend-chat";
    private static final String CURSOR_KEYS = "ABCDHF"; // up, down, right, left, home, end
    private static final String APPLICATION_KEY = "\u001bO";
    private static final String NORMAL_KEY = "\u001b[";

    private final Main main;
    private final Object interruptBefore; // the handler before ours
    private final Terminal terminal;
    private final TerminalMode mode;
    private final LineReader reader;
    private volatile Runnable stop = END;

    /**
     * Takes the terminal over. Ctrl-C is {@link #END} until {@link #onInterrupt} gives it another action.
     *
     * @param history file for typed lines, or null
     * @param commands words that Tab completes
     */
    public TerminalInput(Main main, Path history, List<String> commands) {
        this.main = main;
        // JLine briefly restores the previous handler whenever it sets another; that must not end the program.
        interruptBefore = Signals.register(Signal.INT.name(), this::stop);
        try {
            terminal = TerminalBuilder.builder().system(true).provider("ffm").graphemeCluster(false).build();
        } catch (IOException e) {
            Signals.unregister(Signal.INT.name(), interruptBefore);
            throw Errors.failure("terminal", "cannot be opened", e);
        }
        terminal.handle(Signal.INT, _ -> stop());
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
        bindKeys();
        mode = new TerminalMode(terminal);
        mode.markPastes();
        if (mode.canSuspend()) {
            reader.getWidgets().put(SUSPEND, this::suspend);
            reader.getKeyMaps().get(LineReader.MAIN).bind(new Reference(SUSPEND), KeyMap.ctrl('Z'));
        }
    }

    /** Binds the sequences of cursor keys between two lines, where JLine has left the keypad's application mode. */
    private void bindKeys() {
        KeyMap<Binding> keys = reader.getKeyMaps().get(LineReader.MAIN);
        for (char key : CURSOR_KEYS.toCharArray()) {
            Binding binding = keys.getBound(APPLICATION_KEY + key);
            if (binding != null) {
                keys.bind(binding, NORMAL_KEY + key);
            }
        }
    }

    private void stop() {
        stop.run();
    }

    /** Sets the action of Ctrl-C while no line is being read. */
    public void onInterrupt(Runnable action) {
        stop = action;
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

    /** Handles Ctrl-Z while a line is read: the shell continues below it, and later this process with the same line. */
    private boolean suspend() {
        mode.suspend();
        terminal.puts(Capability.keypad_xmit);
        reader.callWidget(LineReader.REDRAW_LINE);
        return true;
    }

    @Override
    public String next() {
        while (!main.interrupted) {
            try {
                String line = reader.readLine("> ");
                mode.markPastes();
                return line;
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
            mode.close();
            Errors.close(terminal, "terminal", "cannot be closed");
        } finally {
            Signals.unregister(Signal.INT.name(), interruptBefore);
        }
    }
}
