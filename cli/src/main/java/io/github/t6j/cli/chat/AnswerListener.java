package io.github.t6j.cli.chat;

/** Hears an answer while it comes. */
@FunctionalInterface
public interface AnswerListener {
    /**
     * @param text the next piece
     * @param thinking whether the model thinks, and says nothing yet; its tags {@code <think>} and {@code </think>}
     *     included
     */
    void onText(String text, boolean thinking);
}
