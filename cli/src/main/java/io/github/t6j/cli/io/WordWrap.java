package io.github.t6j.cli.io;

import java.util.function.Consumer;
import java.util.function.IntSupplier;
import org.jline.utils.WCWidth;

/**
 * Breaks a text that comes in pieces into lines at spaces, so that the right edge of the terminal cuts no word. A word
 * waits until its end is known. One that is wider than the terminal is printed as it comes, and the terminal breaks it.
 *
 * <p>A break replaces the spaces before a word. Spaces at the end of a line are dropped, and those at its beginning
 * stay. Each wide character is a word, and takes two columns. Escape sequences take none.
 */
public final class WordWrap {
    private static final int TAB = 8;
    private static final char ESCAPE = '\u001b';

    private final IntSupplier columns;
    private final Consumer<String> out;
    private final StringBuilder ready = new StringBuilder();
    private final StringBuilder spaces = new StringBuilder(); // before the word
    private final StringBuilder word = new StringBuilder();
    private int column; // where the word begins, after its spaces
    private int width; // of the word
    private boolean wide; // the word is a wide character
    private boolean tooLong; // the beginning of the word is printed, and the terminal breaks it
    private boolean begun; // the line has a word
    private boolean escaping; // within an escape sequence

    /**
     * @param columns returns the columns of the terminal, which may change; 0 leaves the text unchanged
     * @param out receives the text with its breaks
     */
    public WordWrap(IntSupplier columns, Consumer<String> out) {
        this.columns = columns;
        this.out = out;
    }

    /** Appends a piece of the text, which ends after a whole character. */
    public void append(String piece) {
        if (columns.getAsInt() > 0) {
            piece.codePoints().forEach(this::add);
            print();
        } else {
            end();
            out.accept(piece);
        }
    }

    /** Prints the last word. The next piece begins a line. */
    public void end() {
        endLine();
        print();
    }

    private void print() {
        if (!ready.isEmpty()) {
            out.accept(ready.toString());
            ready.setLength(0);
        }
    }

    private void add(int c) {
        if (c == ESCAPE || escaping) {
            escaping = c == ESCAPE || !Character.isLetter(c);
            word.appendCodePoint(c);
        } else if (c == '\n') {
            endLine();
            ready.append('\n');
        } else if (c == ' ' || c == '\t') {
            place();
            tooLong = false;
            spaces.append((char) c);
            column += c == ' ' ? 1 : TAB - column % TAB;
        } else {
            add(c, Math.max(0, WCWidth.wcwidth(c)));
        }
    }

    /** Adds a character to the word, or begins another word with it. */
    private void add(int c, int itsWidth) {
        if (itsWidth > 1 || itsWidth > 0 && wide) {
            place();
            tooLong = false;
        }
        word.appendCodePoint(c);
        width += itsWidth;
        wide = itsWidth > 1 || wide && itsWidth == 0;
        tooLong |= width > columns.getAsInt();
        if (tooLong) {
            place();
        }
    }

    private void endLine() {
        place();
        spaces.setLength(0);
        column = 0;
        begun = false;
        tooLong = false;
    }

    /** Prints the word after its spaces, or on the next line if it fits only there. */
    private void place() {
        if (word.isEmpty()) {
            return;
        }
        int max = columns.getAsInt();
        if (begun && !tooLong && width <= max && column + width > max) {
            ready.append('\n');
            column = 0;
        } else {
            ready.append(spaces);
        }
        ready.append(word);
        column += width;
        column = column > max && max > 0 ? (column - 1) % max + 1 : column; // where the terminal breaks lines
        begun |= width > 0;
        spaces.setLength(0);
        word.setLength(0);
        width = 0;
        wide = false;
    }
}
