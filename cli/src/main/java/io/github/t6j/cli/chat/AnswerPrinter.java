package io.github.t6j.cli.chat;

import io.github.t6j.chat.AnswerListener;
import io.github.t6j.cli.Main;
import io.github.t6j.cli.io.Spinner;
import io.github.t6j.cli.io.Style;
import io.github.t6j.cli.io.Text;

/** Prints an answer as it is generated, without control characters. On a terminal with colours, thinking is dim. */
final class AnswerPrinter implements AnswerListener {
    private final Main main;
    private final Spinner waiting;
    private final Style style;

    /** @param waiting closed when the answer begins */
    AnswerPrinter(Main main, Spinner waiting, Style style) {
        this.main = main;
        this.waiting = waiting;
        this.style = style;
    }

    @Override
    public void onText(String text, boolean thinking) {
        waiting.close();
        String printable = Text.printablePiece(text);
        main.out.print(thinking ? style.dim(printable) : printable);
    }

    /** Ends the line of the answer. */
    void end() {
        waiting.close();
        main.out.println("");
    }
}
