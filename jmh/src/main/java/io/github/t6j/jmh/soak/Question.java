package io.github.t6j.jmh.soak;

import io.github.t6j.json.Json;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A request whose answer is known.
 *
 * @param path path of the endpoint
 * @param body body without {@code stream}
 * @param expected text of the answer as {@link Answers#text} returns it
 */
record Question(String path, Map<String, Object> body, String expected) {
    /** Returns the body as JSON. */
    String json(boolean stream) {
        Map<String, Object> all = new LinkedHashMap<>(body);
        all.put("stream", stream);
        return Json.writeLine(all);
    }
}
