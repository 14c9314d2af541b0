package io.github.t6j.cli.chat;

import io.github.t6j.chat.AnswerListener;
import io.github.t6j.chat.AnswerPart;
import io.github.t6j.cli.Main;
import io.github.t6j.cli.io.Spinner;
import io.github.t6j.cli.io.Style;
import io.github.t6j.cli.io.Text;

/** Prints an answer as it is generated, without control characters. On a terminal with colours, thinking is dim. */
final class AnswerPrinter implements AnswerListener {
    private final Main main;
    private final Spinner waiting;
    private final Style style;
    private boolean thinking;

    /** @param waiting closed when the answer begins */
    AnswerPrinter(Main main, Spinner waiting, Style style) {
        this.main = main;
        this.waiting = waiting;
        this.style = style;
    }

    @Override
    public void onPart(AnswerPart part) {
        waiting.close();
        switch (part) {
            case AnswerPart.Reasoning(String text) -> {
                main.out.print(style.dim((thinking ? "" : "<think>\n") + Text.printablePiece(text)));
                thinking = true;
            }
            case AnswerPart.Text(String text) -> {
                endThinking();
                main.out.print(Text.printablePiece(text));
            }
            case AnswerPart.CallBegun _,AnswerPart.Arguments _,AnswerPart.CallEnded _ -> {
                // a chat on the terminal has no tools
            }
        }
    }

    private void endThinking() {
        if (thinking) {
            main.out.print(style.dim("\n</think>\n\n"));
            thinking = false;
        }
    }

    /** Ends the line of the answer. */
    void end() {
        waiting.close();
        endThinking();
        main.out.println("");
    }
}
