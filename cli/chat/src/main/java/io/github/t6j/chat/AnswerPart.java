package io.github.t6j.chat;

/** Part of an answer while it is generated. */
public sealed interface AnswerPart {
    /** Next piece of the text. */
    record Text(String text) implements AnswerPart {}

    /** Next piece of the reasoning before the text, without the tags around it. */
    record Reasoning(String text) implements AnswerPart {}

    /**
     * Beginning of a tool call.
     *
     * @param index number of the call in the answer, from 0
     * @param id id of the call
     * @param name name of the tool
     */
    record CallBegun(int index, String id, String name) implements AnswerPart {}

    /** Next piece of the arguments of a call; the pieces join to {@link ToolCall#arguments}. */
    record Arguments(int index, String text) implements AnswerPart {}

    /** End of a call. */
    record CallEnded(int index, ToolCall call) implements AnswerPart {}
}
