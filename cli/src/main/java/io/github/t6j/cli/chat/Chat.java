package io.github.t6j.cli.chat;

import io.github.t6j.Generation;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.Session;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A conversation with a model, whose session holds as much of it as the context has room for. When that is full the
 * oldest turns, a message with its answer, are left out whole; what the system says stays. For one thread at a time,
 * except {@link #stop}.
 */
public final class Chat {
    /** Of the context, at most this part is kept free for an answer. */
    private static final int PART_FOR_ANSWER = 4;

    private final Model model;
    private final Session session;
    private final PromptFormat format;
    private final List<Message> messages = new ArrayList<>(); // all, without the system's
    private String system; // null: none
    private int first; // of the messages that are in the context
    private volatile boolean stopping;

    /** @param session of the model; may hold ids of an earlier conversation, which are used where they agree */
    public Chat(Model model, Session session, PromptFormat format) {
        this.model = model;
        this.session = session;
        this.format = format;
    }

    /** What was said so far, what the system says first. */
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

    /** Goes on with another conversation. */
    public void replace(List<Message> others) {
        boolean begins = !others.isEmpty() && others.getFirst().isOf(Message.SYSTEM);
        system = begins ? others.getFirst().content() : null;
        messages.clear();
        messages.addAll(others.subList(begins ? 1 : 0, others.size()));
        first = 0;
    }

    /** Forgets what was said, but for what the system says. */
    public void reset() {
        messages.clear();
        first = 0;
    }

    /** What the system says, or null. */
    public String system() {
        return system;
    }

    /** Lets the system say {@code text}, or nothing if it is null, from the beginning of the conversation on. */
    public void system(String text) {
        system = text;
    }

    /**
     * Says {@code text}, and lets the model answer. If nothing comes of it, because of an exception or {@link #stop}, it
     * was not said.
     *
     * @param thinking false: the model shall not think first, if its template can tell it
     * @throws IllegalArgumentException if the message alone is longer than the context
     * @throws RuntimeException if the template refuses the messages
     */
    public Answer say(String text, GenerationOptions options, boolean thinking, AnswerListener listener) {
        messages.add(Message.user(text));
        return answer(options, thinking, listener);
    }

    /**
     * Answers the last message again, in place of its answer.
     *
     * @throws IllegalStateException if there is none
     */
    public Answer regenerate(GenerationOptions options, boolean thinking, AnswerListener listener) {
        int asked = messages.size() - 1;
        while (asked >= 0 && !messages.get(asked).isOf(Message.USER)) {
            asked--;
        }
        if (asked < 0) {
            throw new IllegalStateException("expected a message that can be answered again, found none");
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

    /** Ends the answer that is under way, from any thread; what has come of it stays. */
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
        Generation generation = session.generate(rest, format.untilEndOfTurn(options), token -> {
            split.append(token.text());
            return !stopping;
        });
        split.finish();
        return new Answer(opened + generation.text(), generation, cached, dropped);
    }

    private String rendered(boolean thinking) {
        return format.render(withSystem(messages.subList(first, messages.size())), thinking);
    }

    /** Where the second turn of the context begins; the number of messages if there is none. */
    private int nextTurn() {
        int next = first + 1;
        while (next < messages.size() && !messages.get(next).isOf(Message.USER)) {
            next++;
        }
        return next;
    }

    private void checkFits(int[] ids) {
        if (ids.length == 0) {
            throw new IllegalArgumentException("message: expected text that the model's tokenizer knows, found none");
        }
        if (ids.length >= session.contextLength()) {
            throw new IllegalArgumentException(
                    "message: expected, with what the system says, fewer tokens than the context"
                            + " of " + session.contextLength() + " has, found " + ids.length
                            + ": shorten it, or use a larger"
                            + " context");
        }
    }

    /** Cuts the session to what it has in common with {@code ids}, less than all of them. @return how many that are */
    private int keepCommon(int[] ids) {
        int common = Arrays.mismatch(session.ids(), ids);
        common = Math.min(common < 0 ? ids.length : common, ids.length - 1);
        if (common < session.position()) {
            // a sum of all ids cannot forget some
            common = model.info().cache().stateElements() > 0 ? 0 : common;
            session.truncate(common);
        }
        return common;
    }
}
