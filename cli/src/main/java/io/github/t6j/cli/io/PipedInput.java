package io.github.t6j.cli.io;

import io.github.t6j.cli.chat.ChatInput;
import java.util.Iterator;

/** Messages and commands from a pipe, one per line, unless a line ends in a backslash or opens quotes. */
public final class PipedInput implements ChatInput {
    private final Iterator<String> lines;

    public PipedInput(String text) {
        lines = text.lines().iterator();
    }

    @Override
    public String next() {
        StringBuilder typed = new StringBuilder();
        while (lines.hasNext()) {
            String line = lines.next();
            typed.append(line);
            if (!ChatInput.isOpen(typed.toString()) && line.endsWith(GOES_ON)) {
                typed.setLength(typed.length() - GOES_ON.length());
            } else if (!ChatInput.isOpen(typed.toString())) {
                return typed.toString();
            }
            typed.append('\n');
        }
        return typed.isEmpty() ? null : typed.toString();
    }
}
