package io.github.t6j.cli.serve;

import io.github.t6j.Generation;
import java.util.List;
import java.util.Map;

/** How one of OpenAI's two APIs writes what was generated. */
interface Wording {
    /** What stands before the choices in every object; {@code chunk}: a part of a streamed answer. */
    Map<String, Object> head(boolean chunk);

    /** The first part of a streamed choice, or null: there is none before its text. */
    Map<String, Object> first(int index);

    /** A part of a streamed choice: new text with its tokens. */
    Map<String, Object> part(int index, String text, List<Chosen> tokens);

    /** The last part of a streamed choice. */
    Map<String, Object> last(int index, String finishReason);

    /** A whole choice. */
    Map<String, Object> whole(int index, String text, List<Chosen> tokens, String finishReason);

    /** Why a generation ended, as both say it. */
    static String finishReason(Generation generation) {
        return switch (generation.finishReason()) {
            case END_OF_TEXT, STOP_STRING, STOPPED_BY_LISTENER -> "stop";
            case MAX_TOKENS, CONTEXT_FULL, CANCELLED -> "length";
        };
    }
}
