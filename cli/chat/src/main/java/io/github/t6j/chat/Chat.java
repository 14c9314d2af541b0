package io.github.t6j.chat;

import io.github.t6j.Generation;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.Prompt;
import io.github.t6j.Session;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A conversation with a model, whose session holds as much of it as fits in the context. When the context is full, the
 * oldest turns are dropped, each a message with its answer; the system message stays. Only one thread may use it at a
 * time, except for {@link #stop}.
 */
public final class Chat {
    /** Divisor of the share of the context that is reserved for an answer. */
    private static final int PART_FOR_ANSWER = 4;

    private final Model model;
    private final Session session;
    private final PromptFormat format;
    private final List<Message> messages = new ArrayList<>(); // all messages except the system message
    private String system; // or null
    private int first; // index of the first message in the context
    private volatile boolean stopping;

    /** @param session session of the model; ids of an earlier conversation in it are reused where they match */
    public Chat(Model model, Session session, PromptFormat format) {
        this.model = model;
        this.session = session;
        this.format = format;
    }

    /** Returns all messages so far; the system message comes first. */
    public List<Message> messages() {
        return withSystem(messages);
    }

    private List<Message> withSystem(List<Message> some) {
        List<Message> all = new ArrayList<>();
        if (system != null) {
            all.add(Message.system(system));
        }
        all.addAll(some);
        return all;
    }

    /** Replaces the conversation by another. */
    public void replace(List<Message> others) {
        boolean begins = !others.isEmpty() && others.getFirst().isOf(Message.SYSTEM);
        system = begins ? others.getFirst().content() : null;
        messages.clear();
        messages.addAll(others.subList(begins ? 1 : 0, others.size()));
        first = 0;
    }

    /** Forgets the conversation, but keeps the system message. */
    public void reset() {
        messages.clear();
        first = 0;
    }

    /** Returns the system message, or null. */
    public String system() {
        return system;
    }

    /** Sets the system message of the conversation, or removes it if {@code text} is null. */
    public void system(String text) {
        system = text;
    }

    /**
     * Sends {@code text}, and generates the answer. After an exception, or a {@link #stop} before any text, the message
     * is removed again.
     *
     * @param thinking false turns thinking off, if the template supports that
     * @throws IllegalArgumentException if the message alone is longer than the context
     * @throws RuntimeException if the template refuses the messages
     */
    public Answer say(String text, GenerationOptions options, boolean thinking, AnswerListener listener) {
        messages.add(Message.user(text));
        return answer(options, thinking, listener);
    }

    /**
     * Generates another answer to the last message, which replaces the old one.
     *
     * @throws IllegalStateException if there is no message
     */
    public Answer regenerate(GenerationOptions options, boolean thinking, AnswerListener listener) {
        int asked = messages.size() - 1;
        while (asked >= 0 && !messages.get(asked).isOf(Message.USER)) {
            asked--;
        }
        if (asked < 0) {
            throw new IllegalStateException("expected a message to answer again, found none");
        }
        List<Message> before = List.copyOf(messages);
        messages.subList(asked + 1, messages.size()).clear();
        try {
            Answer answer = answer(options, thinking, listener);
            if (messages.size() <= asked) {
                restore(before);
            }
            return answer;
        } catch (RuntimeException | Error failure) {
            restore(before);
            throw failure;
        }
    }

    private void restore(List<Message> before) {
        messages.clear();
        messages.addAll(before);
    }

    /** Stops the current answer, from any thread; its text so far is kept. */
    public void stop() {
        stopping = true;
        session.cancel();
    }

    private Answer answer(GenerationOptions options, boolean thinking, AnswerListener listener) {
        stopping = false;
        int firstBefore = first;
        try {
            Answer answer = answered(options, thinking, listener);
            if (answer.isStopped() && answer.generation().tokens().isEmpty()) {
                messages.removeLast();
            } else {
                messages.add(Message.assistant(answer.content()));
            }
            return answer;
        } catch (RuntimeException | Error failure) {
            messages.removeLast();
            first = firstBefore;
            throw failure;
        }
    }

    private Answer answered(GenerationOptions options, boolean thinking, AnswerListener listener) {
        int dropped = 0;
        int room = session.contextLength()
                - Math.min(options.maxTokens(), session.contextLength() / PART_FOR_ANSWER);
        String text = rendered(thinking);
        int[] ids = format.encode(text);
        for (int next = nextTurn(); ids.length > room && next < messages.size(); next = nextTurn()) {
            first = next;
            dropped++;
            text = rendered(thinking);
            ids = format.encode(text);
        }
        checkFits(ids);
        int cached = keepCommon(ids);
        Thinking split = new Thinking(listener);
        String opened = format.hasTemplate() ? Thinking.openedBy(text) : "";
        split.append(opened);
        int[] rest = Arrays.copyOfRange(ids, cached, ids.length);
        Generation generation = session.generate(Prompt.of(rest), format.untilEndOfTurn(options), token -> {
            split.append(token.text());
            return !stopping;
        });
        split.finish();
        return new Answer(opened + generation.text(), generation, cached, dropped);
    }

    private String rendered(boolean thinking) {
        return format.render(withSystem(messages.subList(first, messages.size())), thinking);
    }

    /** Returns the index of the second turn in the context; the number of messages if there is none. */
    private int nextTurn() {
        int next = first + 1;
        while (next < messages.size() && !messages.get(next).isOf(Message.USER)) {
            next++;
        }
        return next;
    }

    private void checkFits(int[] ids) {
        if (ids.length == 0) {
            throw new IllegalArgumentException("message: expected text that the tokenizer can encode, found none");
        }
        if (ids.length >= session.contextLength()) {
            throw new IllegalArgumentException(
                    "message: expected, with the system message, fewer tokens than the context's "
                            + session.contextLength() + ", found " + ids.length
                            + ": shorten it, or use a larger context");
        }
    }

    /** Cuts the session to its common prefix with {@code ids}, but not all of them. @return length of that prefix */
    private int keepCommon(int[] ids) {
        int common = Arrays.mismatch(session.ids(), ids);
        common = Math.min(common < 0 ? ids.length : common, ids.length - 1);
        if (common < session.position()) {
            // The state of linear attention is a sum, from which ids cannot be removed.
            common = model.info().cache().stateElements() > 0 ? 0 : common;
            session.truncate(common);
        }
        return common;
    }
}
