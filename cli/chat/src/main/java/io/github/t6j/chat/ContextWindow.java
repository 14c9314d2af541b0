package io.github.t6j.chat;

import io.github.t6j.Session;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Part of a conversation that the context holds: the system message, and the messages from some turn on. */
final class ContextWindow {
    /** Divisor of the share of the context that is reserved for an answer. */
    private static final int PART_FOR_ANSWER = 4;

    /**
     * Prompt of an answer.
     *
     * @param dropped turns left out since the last prompt
     */
    record Prompt(String text, int[] ids, int dropped) {}

    private final PromptFormat format;
    private final int length; // of the context
    private int first; // index of the first message in the context

    /** @param length maximum number of ids of a prompt and its answer */
    ContextWindow(PromptFormat format, int length) {
        this.format = format;
        this.length = length;
    }

    /** Makes room for all messages. */
    void reset() {
        first = 0;
    }

    int first() {
        return first;
    }

    void first(int newFirst) {
        first = newFirst;
    }

    /** Returns the prompt of the messages that fit; the oldest turns are dropped if the options allow it. */
    Prompt prompt(String system, List<Message> messages, ChatOptions options) {
        int room = length - Math.min(options.generation().maxTokens(), length / PART_FOR_ANSWER);
        int dropped = 0;
        String text = rendered(system, messages, options);
        int[] ids = format.encode(text);
        if (options.overflow() != ContextOverflow.FAIL) {
            for (int next = next(messages); ids.length > room && next < messages.size(); next = next(messages)) {
                first = next;
                dropped++;
                text = rendered(system, messages, options);
                ids = format.encode(text);
            }
        }
        checkFits(ids, options);
        return new Prompt(text, ids, dropped);
    }

    private String rendered(String system, List<Message> messages, ChatOptions options) {
        return format.render(all(system, messages.subList(first, messages.size())), options);
    }

    private static List<Message> all(String system, List<Message> messages) {
        List<Message> all = new ArrayList<>();
        if (system != null) {
            all.add(Message.system(system));
        }
        all.addAll(messages);
        return all;
    }

    /** Returns the index of the second turn in the context; the number of messages if there is none. */
    private int next(List<Message> messages) {
        int next = first + 1;
        while (next < messages.size() && messages.get(next).role() != Role.USER) {
            next++;
        }
        return next;
    }

    private void checkFits(int[] ids, ChatOptions options) {
        if (ids.length == 0) {
            throw new IllegalArgumentException("message: expected text that the tokenizer can encode, found none");
        }
        if (ids.length >= length) {
            boolean all = options.overflow() == ContextOverflow.FAIL;
            throw new ContextFullException(
                    (all ? "conversation: expected" : "message: expected, with the system message,")
                            + " fewer tokens than the context's " + length + ", found " + ids.length
                            + ": shorten it, or use a larger context");
        }
    }

    /** Cuts a session to its common prefix with {@code ids}, but not all of them, and returns its length. */
    static int keepCommon(Session session, int[] ids) {
        int common = Arrays.mismatch(session.ids(), ids);
        common = Math.min(common < 0 ? ids.length : common, ids.length - 1);
        return cut(session, common);
    }

    /** Removes the ids from {@code position} on, and returns the new position. */
    static int cut(Session session, int position) {
        if (position < session.position()) {
            session.truncate(position);
        }
        return position;
    }

    /** Returns how many ids at the beginning of {@code prompt} do not depend on what the user wrote. */
    int fixed(String system, List<Message> messages, ChatOptions options, int[] prompt) {
        String content = messages.get(first).content();
        Message variation = Message.user(content.startsWith("0") ? "1" : "0");
        int[] ids = format.encode(format.render(all(system, List.of(variation)), options));
        return Arrays.mismatch(ids, prompt) < 0 ? 0 : Arrays.mismatch(ids, prompt);
    }
}
