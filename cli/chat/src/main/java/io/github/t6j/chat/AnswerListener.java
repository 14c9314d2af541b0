package io.github.t6j.chat;

/** Receives an answer as it is generated. */
@FunctionalInterface
public interface AnswerListener {
    /**
     * @param text next piece of the answer
     * @param thinking true for thinking, including its tags {@code <think>} and {@code </think>}; false for the answer
     */
    void onText(String text, boolean thinking);
}
