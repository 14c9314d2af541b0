package io.github.t6j.cli.serve;

import io.github.t6j.Generation;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Format of the answers in one of OpenAI's two APIs. */
interface ResponseFormat {
    /** Returns the fields before the choices in every object. @param chunk true for a part of a streamed answer */
    Map<String, Object> head(boolean chunk);

    /** Returns these fields for a kind of object. @param created time when the answer began, in seconds since 1970 */
    static Map<String, Object> head(String id, String object, long created, ServedModel served) {
        Map<String, Object> head = new LinkedHashMap<>();
        head.put("id", id);
        head.put("object", object);
        head.put("created", created);
        head.put("model", served.name());
        head.put("system_fingerprint", served.fingerprint());
        return head;
    }

    /** Returns the time in seconds since 1970. */
    static long now() {
        return System.currentTimeMillis() / 1000;
    }

    /** Returns the first part of a streamed choice; null if its text comes first. */
    Map<String, Object> first(int index);

    /**
     * Returns the next parts of a streamed choice, none while they depend on the text that follows. The first has the
     * tokens.
     *
     * @param text new text
     * @param tokens tokens since the last parts
     */
    List<Map<String, Object>> parts(int index, String text, List<ChosenToken> tokens);

    /** Returns the last parts of a streamed choice. @param text rest of its text */
    List<Map<String, Object>> last(int index, String text, List<ChosenToken> tokens, String finishReason);

    /** Returns a complete choice. */
    Map<String, Object> whole(int index, String text, List<ChosenToken> tokens, String finishReason);

    /** Returns OpenAI's name of the finish reason. */
    static String finishReason(Generation generation) {
        return switch (generation.finishReason()) {
            case END_OF_TEXT, STOP_STRING -> "stop";
            // the listener stops a generation at its time limit
            case MAX_TOKENS, CONTEXT_FULL, CANCELLED, DEADLINE, STOPPED_BY_LISTENER -> "length";
        };
    }
}
