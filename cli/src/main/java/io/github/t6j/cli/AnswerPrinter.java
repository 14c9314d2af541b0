package io.github.t6j.cli;

import io.github.t6j.cli.chat.AnswerListener;

/** Prints an answer while it comes, without control characters; its thinking dim where there are colours. */
final class AnswerPrinter implements AnswerListener {
    private static final String DIM = "\u001b[2m";
    private static final String NORMAL = "\u001b[22m";

    private final Main main;
    private final Waiting waiting;
    private final boolean colours;

    /** @param waiting is closed when the answer comes */
    AnswerPrinter(Main main, Waiting waiting, boolean colours) {
        this.main = main;
        this.waiting = waiting;
        this.colours = colours;
    }

    @Override
    public void onText(String text, boolean thinking) {
        waiting.close();
        String printable = Text.printablePiece(text);
        main.out.print(thinking && colours ? DIM + printable + NORMAL : printable);
    }

    /** Ends the answer's line. */
    void end() {
        waiting.close();
        main.out.println("");
    }
}
