package io.github.t6j.cli.chat;

import io.github.t6j.chat.AnswerListener;
import io.github.t6j.chat.AnswerPart;
import io.github.t6j.cli.Main;
import io.github.t6j.cli.io.Spinner;
import io.github.t6j.cli.io.Style;
import io.github.t6j.cli.io.Text;
import io.github.t6j.cli.io.WordWrap;
import java.util.function.IntSupplier;

/**
 * Prints an answer as it is generated, without control characters. On a terminal, lines break at spaces, and with
 * colours, thinking is dim.
 */
final class AnswerPrinter implements AnswerListener {
    private final Main main;
    private final Spinner waiting;
    private final WordWrap lines;
    private final Style style;
    private boolean thinking;

    /**
     * @param waiting closed when the answer begins
     * @param columns columns of the terminal, or 0
     */
    AnswerPrinter(Main main, Spinner waiting, IntSupplier columns) {
        this.main = main;
        this.waiting = waiting;
        lines = new WordWrap(columns, main.out::print);
        style = main.style();
    }

    @Override
    public void onPart(AnswerPart part) {
        waiting.close();
        switch (part) {
            case AnswerPart.Reasoning(String text) -> {
                lines.append(style.dim((thinking ? "" : "<think>\n") + Text.printablePiece(text)));
                thinking = true;
            }
            case AnswerPart.Text(String text) -> {
                endThinking();
                lines.append(Text.printablePiece(text));
            }
            case AnswerPart.CallBegun _,AnswerPart.Arguments _,AnswerPart.CallEnded _ -> {
                // a chat on the terminal has no tools
            }
        }
    }

    private void endThinking() {
        if (thinking) {
            lines.append(style.dim("\n</think>\n\n"));
            thinking = false;
        }
    }

    /** Ends the line of the answer. */
    void end() {
        waiting.close();
        endThinking();
        lines.end();
        main.out.println("");
    }
}
