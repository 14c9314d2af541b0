package io.github.t6j.cli;

import io.github.t6j.cli.chat.AnswerListener;

/** Prints an answer while it comes, without control characters; its thinking dim where there are colours. */
final class AnswerPrinter implements AnswerListener {
    private final Main main;
    private final Waiting waiting;
    private final Style style;

    /** @param waiting is closed when the answer comes */
    AnswerPrinter(Main main, Waiting waiting, Style style) {
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

    /** Ends the answer's line. */
    void end() {
        waiting.close();
        main.out.println("");
    }
}
