package io.github.t6j.chat.internal;

import io.github.t6j.ModelFormatException;
import io.github.t6j.chat.Message;
import io.github.t6j.json.Json;
import io.github.t6j.weights.SmallFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A conversation as JSON that people can read: <code>{"messages": [{"role": "user", "content": "…"}, …]}</code>. */
public final class ConversationFile {
    /** Largest file in bytes; no context holds more. */
    private static final int LONGEST = 64 << 20;

    private static final String MESSAGES = "messages";

    private ConversationFile() {}

    /**
     * Returns the messages in {@code file}.
     *
     * @throws ModelFormatException if the file has another format; the message says where
     * @throws java.io.UncheckedIOException if it cannot be read
     */
    public static List<Message> read(Path file) {
        Map<String, Object> json = Json.parseObject(SmallFile.read(file, LONGEST), file.toString());
        String where = file + ": " + MESSAGES;
        if (!(json.get(MESSAGES) instanceof List<?> list)) {
            throw new ModelFormatException(where + ": expected an array of messages, found "
                    + (json.containsKey(MESSAGES) ? "another value" : "no such key"));
        }
        List<Message> messages = new ArrayList<>();
        for (Object message : list) {
            messages.add(Message.from(message, where + "[" + messages.size() + "]"));
        }
        return messages;
    }

    /**
     * Writes {@code messages} to {@code file}, completely or not at all; only the owner may read a new file.
     *
     * @throws java.io.UncheckedIOException if it cannot be written
     */
    public static void write(Path file, List<Message> messages) {
        Object json = Map.of(MESSAGES, messages.stream().map(Message::fields).toList());
        SmallFile.writePrivately(file, Json.write(json).getBytes(StandardCharsets.UTF_8));
    }
}
