package io.github.t6j.chat.internal;

import io.github.t6j.chat.Message;
import java.util.Collection;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;

/**
 * Ids of tool calls, unique in a conversation. New ones have nine letters and digits, as Mistral's
 * templates require, and are the same whenever the conversation is.
 */
final class CallIds {
    private final Set<String> used = new HashSet<>();
    private int next;

    CallIds(Collection<Message> earlier) {
        earlier.forEach(message -> message.toolCalls().forEach(call -> used.add(call.id())));
    }

    /** Returns {@code id}, which the model gave a call, or a new one if it is empty or was used before. */
    String of(String id) {
        return !id.isEmpty() && used.add(id) ? id : next();
    }

    private String next() {
        String id;
        do {
            id = String.format(Locale.ROOT, "call%05d", next++);
        } while (!used.add(id));
        return id;
    }
}
