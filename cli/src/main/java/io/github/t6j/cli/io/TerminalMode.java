package io.github.t6j.cli.io;

import java.io.IOException;
import java.util.EnumSet;
import org.jline.terminal.Attributes;
import org.jline.terminal.Attributes.ControlChar;
import org.jline.terminal.Attributes.InputFlag;
import org.jline.terminal.Attributes.LocalFlag;
import org.jline.terminal.Terminal;
import org.jline.terminal.Terminal.Signal;
import org.jline.terminal.Terminal.SignalHandler;
import org.jline.utils.InfoCmp.Capability;
import org.jline.utils.OSUtils;

/**
 * Mode of a terminal between the lines that JLine reads: keys are neither shown nor interpreted, so that they are those
 * of the next line, but Ctrl-C and Ctrl-Z are still signals. A suspended process leaves the terminal as it found it.
 */
final class TerminalMode implements AutoCloseable {
    private static final String PASTE_MARKED = "\u001b[?2004h";
    private static final String PASTE_PLAIN = "\u001b[?2004l";

    private final Terminal terminal;
    private final Attributes before;

    TerminalMode(Terminal terminal) {
        this.terminal = terminal;
        before = terminal.getAttributes();
        Attributes between = new Attributes(before);
        between.setLocalFlags(EnumSet.of(LocalFlag.ICANON, LocalFlag.ECHO, LocalFlag.IEXTEN), false);
        between.setInputFlags(EnumSet.of(InputFlag.ICRNL, InputFlag.INLCR), false); // Enter as JLine reads it
        between.setControlChar(ControlChar.VMIN, 1);
        between.setControlChar(ControlChar.VTIME, 0);
        terminal.setAttributes(between);
        if (canSuspend()) {
            terminal.handle(Signal.CONT, _ -> terminal.setAttributes(between)); // JLine has its own within a line
            terminal.handle(Signal.TSTP, _ -> suspend());
        }
    }

    /** Returns true if the system can suspend a process. */
    boolean canSuspend() {
        return !OSUtils.IS_WINDOWS;
    }

    /** Makes the terminal mark pasted text until JLine reads the next line and does so itself. */
    void markPastes() {
        write(PASTE_MARKED);
    }

    /** Suspends this process and the processes that the shell started with it, until the shell continues them. */
    synchronized void suspend() {
        Attributes now = terminal.getAttributes();
        terminal.puts(Capability.keypad_local);
        write(PASTE_PLAIN);
        terminal.writer().println();
        terminal.setAttributes(before);
        SignalHandler ours = terminal.handle(Signal.TSTP, SignalHandler.SIG_DFL);
        stop();
        terminal.handle(Signal.TSTP, ours);
        terminal.setAttributes(now);
        write(PASTE_MARKED);
    }

    /** Sends the signal of Ctrl-Z to the process group; Java has no method for it. */
    private static void stop() {
        try {
            new ProcessBuilder("sh", "-c", "kill -s TSTP 0").inheritIO().start().waitFor();
        } catch (IOException e) {
            // without a shell there is none to return to
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void write(String text) {
        if (!terminal.getType().startsWith(Terminal.TYPE_DUMB)) {
            terminal.writer().write(text);
        }
        terminal.flush();
    }

    @Override
    public void close() {
        write(PASTE_PLAIN);
    }
}
