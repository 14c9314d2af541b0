package io.github.t6j.chat;

/** Listener to an answer while it is generated, called on the generating thread. */
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
