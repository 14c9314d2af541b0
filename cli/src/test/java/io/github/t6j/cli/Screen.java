package io.github.t6j.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Lines that a terminal shows after a process has written to it, as far as t6j uses a terminal outside JLine. */
final class Screen {
    private final int columns;
    private final List<StringBuilder> lines = new ArrayList<>(List.of(new StringBuilder()));
    private int column;

    private Screen(int columns) {
        this.columns = columns;
    }

    /** Returns the lines without spaces at their ends. */
    static List<String> lines(String written, int columns) {
        Screen screen = new Screen(columns);
        written.replaceAll("\u001b(\\[[?\\d;]*[a-zA-Z]|[=>])", "").chars().forEach(c -> screen.write((char) c));
        return screen.lines.stream().map(line -> line.toString().stripTrailing()).collect(Collectors.toList());
    }

    private void write(char c) {
        switch (c) {
            case '\r' -> column = 0;
            case '\n' -> lines.add(new StringBuilder(" ".repeat(column)));
            default -> {
                if (column == columns) {
                    lines.add(new StringBuilder());
                    column = 0;
                }
                StringBuilder line = lines.getLast();
                line.append(" ".repeat(Math.max(0, column + 1 - line.length())));
                line.setCharAt(column++, c);
            }
        }
    }
}
