package io.github.t6j.chat;

/** Receives an answer as it is generated, on the generating thread. */
@FunctionalInterface
public interface AnswerListener {
    /** Receives the next part. An exception ends the generation and propagates to the caller. */
    void onPart(AnswerPart part);

    /** Returns a listener that ignores the parts. */
    static AnswerListener none() {
        return _ -> {
        };
    }
}
