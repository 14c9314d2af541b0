package io.github.t6j.cli.chat;

import io.github.t6j.ModelFormatException;
import io.github.t6j.json.Json;
import io.github.t6j.weights.SmallFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A conversation as JSON for people: <code>{"messages": [{"role": "user", "content": "…"}, …]}</code>. */
public final class ConversationFile {
    /** Bytes of the longest: more than any context holds. */
    private static final int LONGEST = 64 << 20;

    private static final String MESSAGES = "messages";

    private ConversationFile() {}

    /**
     * The messages in {@code file}.
     *
     * @throws ModelFormatException if it is no such JSON; the message says where and what is wrong
     * @throws java.io.UncheckedIOException if it cannot be read
     */
    public static List<Message> read(Path file) {
        Map<String, Object> json = Json.parseObject(SmallFile.read(file, LONGEST), file.toString());
        String where = file + ": " + MESSAGES;
        if (!(json.get(MESSAGES) instanceof List<?> list)) {
            throw new ModelFormatException(where + ": expected an array of messages, found "
                    + (json.containsKey(MESSAGES) ? "something else" : "no such key"));
        }
        List<Message> messages = new ArrayList<>();
        for (Object message : list) {
            messages.add(Message.from(message, where + "[" + messages.size() + "]"));
        }
        return messages;
    }

    /**
     * Writes {@code messages} to {@code file}, which is complete or as it was before; a new one is for its owner alone.
     *
     * @throws java.io.UncheckedIOException if it cannot be written
     */
    public static void write(Path file, List<Message> messages) {
        Object json = Map.of(MESSAGES, messages.stream().map(Message::fields).toList());
        SmallFile.writePrivately(file, Json.write(json).getBytes(StandardCharsets.UTF_8));
    }
}
