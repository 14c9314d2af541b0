package io.github.t6j.mini.data;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Message of a conversation, by the name of its role. */
record Turn(String role, String content) {
    static Turn system(String content) {
        return new Turn("system", content);
    }

    static Turn user(String content) {
        return new Turn("user", content);
    }

    static Turn assistant(String content) {
        return new Turn("assistant", content);
    }

    static List<Map<String, Object>> json(List<Turn> turns, Turn... more) {
        List<Turn> all = new ArrayList<>(turns);
        all.addAll(List.of(more));
        List<Map<String, Object>> messages = new ArrayList<>();
        for (Turn turn : all) {
            Map<String, Object> message = new LinkedHashMap<>();
            message.put("role", turn.role());
            message.put("content", turn.content());
            messages.add(message);
        }
        return messages;
    }
}
