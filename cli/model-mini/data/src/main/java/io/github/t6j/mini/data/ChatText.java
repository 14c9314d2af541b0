package io.github.t6j.mini.data;

import java.util.List;

/** Conversations as text, as chat_template.jinja renders them, for training without roles. A test compares the two. */
final class ChatText {
    /** End of a document and of an answer. */
    static final String END = "<|endoftext|>";

    private ChatText() {}

    /** Returns the text up to the end of the last answer; the template adds a line break. */
    static String of(List<Turn> turns) {
        StringBuilder text = new StringBuilder();
        for (Turn turn : turns) {
            switch (turn.role()) {
                case "system" -> text.append("System:\n").append(turn.content()).append("\n\n");
                case "user" -> text.append("User:\n").append(turn.content()).append('\n');
                default -> text.append("Bot:\n").append(turn.content()).append(END).append('\n');
            }
        }
        return text.toString().stripTrailing();
    }
}
