package io.github.t6j.cli.serve;

import io.github.t6j.Generation;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** How one of OpenAI's two APIs writes what was generated. */
interface Wording {
    /** What stands before the choices in every object; {@code chunk}: a part of a streamed answer. */
    Map<String, Object> head(boolean chunk);

    /** That, of an object of this kind. @param created when the answer began, in seconds since 1970 */
    static Map<String, Object> head(String id, String object, long created, Served served) {
        Map<String, Object> head = new LinkedHashMap<>();
        head.put("id", id);
        head.put("object", object);
        head.put("created", created);
        head.put("model", served.name());
        return head;
    }

    /** Now, in seconds since 1970. */
    static long now() {
        return System.currentTimeMillis() / 1000;
    }

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
