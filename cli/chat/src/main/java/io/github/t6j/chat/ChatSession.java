package io.github.t6j.chat;

import io.github.t6j.FinishReason;
import io.github.t6j.Generation;
import io.github.t6j.GenerationOptions;
import io.github.t6j.MemoryLimitException;
import io.github.t6j.ModelFormatException;
import io.github.t6j.Prompt;
import io.github.t6j.Session;
import io.github.t6j.chat.internal.AnswerParser;
import io.github.t6j.chat.internal.ConversationFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Conversation with a model. Its session holds as much of the conversation as fits in the context;
 * {@link ContextOverflow} decides what happens when the context is full. Only one thread may use it at a time, except
 * for {@link #stop}.
 *
 * <pre>{@code
 * try (ChatSession session = chatModel.newSession()) {
 *     session.system("Be brief.");
 *     System.out.println(session.send("What is a whale?").content());
 *     System.out.println(session.send("How long can it get?").content());
 * }
 * }</pre>
 */
public final class ChatSession implements AutoCloseable {
    private final Chat model;
    private final Session session;
    private final ContextWindow window;
    private final List<Message> messages = new ArrayList<>(); // all messages except the system message
    private String system; // or null
    private volatile boolean stopping;

    /** @param session session of the model, which this closes */
    ChatSession(Chat model, Session session) {
        this.model = model;
        this.session = session;
        window = new ContextWindow(model.format(), session.contextLength());
    }

    /** Returns the session that holds the conversation, for its position and size. */
    public Session session() {
        return session;
    }

    /** Returns all messages so far; the system message comes first. */
    public List<Message> messages() {
        List<Message> all = new ArrayList<>();
        if (system != null) {
            all.add(Message.system(system));
        }
        all.addAll(messages);
        return all;
    }

    /** Replaces the conversation with another. The session keeps the ids that match. */
    public void replace(List<Message> replacement) {
        Objects.requireNonNull(replacement, "replacement");
        boolean begins = !replacement.isEmpty() && replacement.getFirst().role() == Role.SYSTEM;
        system = begins ? replacement.getFirst().content() : null;
        messages.clear();
        messages.addAll(replacement.subList(begins ? 1 : 0, replacement.size()));
        window.reset();
    }

    /** Forgets the conversation, but keeps the system message. */
    public void reset() {
        messages.clear();
        window.reset();
    }

    /** Returns the system message, or none. */
    public Optional<String> system() {
        return Optional.ofNullable(system);
    }

    /** Sets the system message of the conversation, or removes it if {@code text} is null. */
    public void system(String text) {
        system = text;
    }

    /** Sends a user message and returns the answer, with {@link Chat#options()}. */
    public Answer send(String text) {
        return send(text, model.options(), AnswerListener.none());
    }

    /** Sends a user message, see {@link #send(List, ChatOptions, AnswerListener)}. */
    public Answer send(String text, ChatOptions options, AnswerListener listener) {
        return send(List.of(Message.user(text)), options, listener);
    }

    /**
     * Sends messages, such as the results of an answer's tool calls, and generates the answer. After an exception, or a
     * {@link #stop} before any text, the conversation is as before.
     *
     * @throws ContextFullException if the last message alone is longer than the context, or the whole conversation is
     *     and the policy is {@link ContextOverflow#FAIL}
     * @throws IllegalArgumentException if there is no message
     * @throws RuntimeException if the template rejects the messages
     */
    public Answer send(List<Message> added, ChatOptions options, AnswerListener listener) {
        Objects.requireNonNull(added, "added");
        Objects.requireNonNull(options, "options");
        Objects.requireNonNull(listener, "listener");
        if (added.isEmpty()) {
            throw new IllegalArgumentException("messages: expected at least one, found none");
        }
        int before = messages.size();
        messages.addAll(added);
        return answer(before, options, listener);
    }

    /**
     * Generates another answer to the last user message, which replaces everything after it.
     *
     * @throws IllegalStateException if there is no message
     */
    public Answer regenerate(ChatOptions options, AnswerListener listener) {
        Objects.requireNonNull(options, "options");
        Objects.requireNonNull(listener, "listener");
        int asked = messages.size() - 1;
        while (asked >= 0 && messages.get(asked).role() != Role.USER) {
            asked--;
        }
        if (asked < 0) {
            throw new IllegalStateException("expected a message to answer again, found none");
        }
        List<Message> before = List.copyOf(messages);
        messages.subList(asked + 1, messages.size()).clear();
        try {
            Answer answer = answer(asked, options, listener);
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

    /** Stops the current answer, from any thread; the conversation keeps its text so far. */
    public void stop() {
        stopping = true; // not session.cancel(), which would end the next answer if this one has just ended
    }

    /** Answers the messages, or removes the ones from {@code before} on if there is no answer. */
    private Answer answer(int before, ChatOptions options, AnswerListener listener) {
        stopping = false;
        int first = window.first();
        try {
            Answer answer = answered(options, listener);
            boolean early = answer.isStopped() || answer.generation().finishReason() == FinishReason.DEADLINE;
            if (early && answer.generation().tokens().isEmpty()) {
                messages.subList(before, messages.size()).clear();
            } else {
                messages.add(answer.message());
            }
            return answer;
        } catch (RuntimeException | Error failure) {
            messages.subList(before, messages.size()).clear();
            window.first(first);
            throw failure;
        }
    }

    private Answer answered(ChatOptions options, AnswerListener listener) {
        ContextWindow.Prompt prompt = window.prompt(system, messages, options);
        int cached = ContextWindow.keepCommon(session, prompt.ids());
        AnswerParser parser = model.format().newParser(prompt.text(), messages(), options, listener);
        int[] rest = Arrays.copyOfRange(prompt.ids(), cached, prompt.ids().length);
        GenerationOptions generating = model.format().generating(prompt.text(), options)
                .withCall(options.generation().call().orCancelledBy(() -> stopping));
        Predicate<String> parsing = text -> {
            parser.append(text);
            return !stopping;
        };
        if (options.overflow() != ContextOverflow.SHIFT) {
            Generation generation = session.generate(Prompt.of(rest), generating, token -> parsing.test(token.text()));
            return new Answer(parser.finish(), generation, cached, prompt.dropped(), 0);
        }
        Shifting shifting = new Shifting(session, window.fixed(system, messages, options, prompt.ids()));
        Generation generation = shifting.generate(rest, generating, parsing);
        return new Answer(parser.finish(), generation, cached, prompt.dropped(), shifting.shifted());
    }

    private static Path cacheFile(Path file) {
        return file.resolveSibling(file.getFileName() + ".cache");
    }

    /**
     * Writes the conversation to {@code file} as JSON,
     * <code>{"messages": [{"role": "user", "content": "…"}, …]}</code>, and its cache to FILE.cache.
     *
     * @throws java.io.UncheckedIOException if a file cannot be written
     */
    public void save(Path file) {
        Objects.requireNonNull(file, "file");
        ConversationFile.write(file, messages());
        session.save(cacheFile(file));
    }

    /**
     * Replaces the conversation with the one in {@code file}, and restores its cache if it exists and fits, which only
     * saves time.
     *
     * @return reason why the cache was not restored, so the model reads the conversation again; empty if it was
     *     restored or does not exist
     * @throws ModelFormatException if {@code file} has another format
     * @throws java.io.UncheckedIOException if {@code file} cannot be read
     */
    public Optional<ModelFormatException> load(Path file) {
        Objects.requireNonNull(file, "file");
        replace(ConversationFile.read(file));
        if (Files.exists(cacheFile(file))) {
            try {
                session.restore(cacheFile(file));
            } catch (ModelFormatException malformed) {
                return Optional.of(malformed);
            } catch (UncheckedIOException | MemoryLimitException failure) {
                return Optional.of(new ModelFormatException(failure.getMessage(), failure));
            }
        }
        return Optional.empty();
    }

    /** Closes the session; an answer in progress on another thread ends as cancelled. */
    @Override
    public void close() {
        session.close();
    }
}
