package io.github.t6j.chat;

import io.github.t6j.Model;
import io.github.t6j.Prompt;
import io.github.t6j.SessionOptions;
import io.github.t6j.chat.template.ChatTemplate;
import io.github.t6j.schedule.Scheduler;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Model that answers messages, by its chat template. Without a template it continues plain text. Thread-safe.
 *
 * <pre>{@code
 * try (Model model = Model.load(folder)) {
 *     Chat chat = Chat.of(model);
 *     System.out.println(chat.answer(List.of(Message.user("What is a whale?"))).content());
 * }
 * }</pre>
 */
public final class Chat {
    /** Longest answer without a template, since nothing then marks the end of an answer. */
    private static final int PLAIN_TOKENS = 128;

    private final Model model;
    private final PromptFormat format;
    private final Scheduler scheduler; // or null
    private final String client;

    private Chat(Model model, PromptFormat format, Scheduler scheduler, String client) {
        this.model = model;
        this.format = format;
        this.scheduler = scheduler;
        this.client = client;
    }

    /**
     * Returns a chat model with the chat template of the adapters of {@code model}, or otherwise of the folder or file
     * that it was loaded from ({@link ChatTemplate#of(Path, List)}). The caller closes the model after the last use.
     *
     * @throws io.github.t6j.chat.template.ChatTemplateException if the template is not supported
     * @throws io.github.t6j.ModelFormatException if the model has no tokenizer, or the file with the template has
     *     another format
     */
    public static Chat of(Model model) {
        return of(model, ChatTemplate.of(Objects.requireNonNull(model, "model").path(), model.adapters()));
    }

    /** Returns a chat model with another template, or with none. */
    public static Chat of(Model model, Optional<ChatTemplate> template) {
        Objects.requireNonNull(model, "model");
        Objects.requireNonNull(template, "template");
        return new Chat(model, new PromptFormat(model.tokenizer(), template), null, "");
    }

    /**
     * Returns a chat model whose {@link #answer} uses {@code scheduler}, so that many answers are generated together
     * and common beginnings of conversations are read once. The caller closes the scheduler after the last use.
     *
     * @param scheduler scheduler of the same model
     */
    public Chat withScheduler(Scheduler scheduler) {
        return new Chat(model, format, Objects.requireNonNull(scheduler, "scheduler"), client);
    }

    /** Returns a chat model for a client, among whom the scheduler divides its time ({@link Prompt#withClient}). */
    public Chat withClient(String name) {
        return new Chat(model, format, scheduler, Objects.requireNonNull(name, "client"));
    }

    /** Returns the model. */
    public Model model() {
        return model;
    }

    /** Returns the format of prompts. */
    public PromptFormat format() {
        return format;
    }

    /**
     * Returns the default options: the sampling of the model's generation_config.json, if it has one, and answers that
     * may fill the context; without a template, 128 tokens.
     */
    public ChatOptions options() {
        return ChatOptions.of(model.generationDefaults()
                .withMaxTokens(format.hasTemplate() ? Integer.MAX_VALUE : PLAIN_TOKENS));
    }

    /** Opens a conversation with {@link SessionOptions#defaults()}. */
    public ChatSession newSession() {
        return newSession(SessionOptions.defaults());
    }

    /**
     * Opens a conversation.
     *
     * @throws io.github.t6j.MemoryLimitException if memory does not suffice for the context length of the options
     */
    public ChatSession newSession(SessionOptions options) {
        return new ChatSession(this, model.newSession(options));
    }

    /**
     * Opens a conversation from a file that {@link ChatSession#save} wrote.
     *
     * @throws io.github.t6j.ModelFormatException if {@code file} has another format
     * @throws java.io.UncheckedIOException if it cannot be read
     */
    public ChatSession load(Path file, SessionOptions options) {
        Objects.requireNonNull(file, "file");
        ChatSession session = newSession(options);
        try {
            session.load(file);
            return session;
        } catch (RuntimeException | Error failure) {
            session.close();
            throw failure;
        }
    }

    /** Returns the answer to the last of {@code messages}, with {@link #options()}. */
    public Answer answer(List<Message> messages) {
        return answer(messages, options(), AnswerListener.none());
    }

    /**
     * Returns the answer to the last of {@code messages}, a whole conversation; calls share no state. With a scheduler,
     * interrupting the thread ends the answer as {@link ChatSession#stop} does; the thread keeps its interrupt status.
     * {@link ContextOverflow#SHIFT} does not use the scheduler.
     *
     * @throws io.github.t6j.schedule.RefusedException if the scheduler's queue is full or the scheduler is closed
     * @throws ContextFullException if the messages do not fit in the context
     * @throws RuntimeException if the template rejects the messages
     */
    public Answer answer(List<Message> messages, ChatOptions options, AnswerListener listener) {
        Objects.requireNonNull(messages, "messages");
        Objects.requireNonNull(options, "options");
        Objects.requireNonNull(listener, "listener");
        if (scheduler != null && options.overflow() != ContextOverflow.SHIFT && !messages.isEmpty()) {
            return new ScheduledAnswer(scheduler, format, client).answer(messages, options, listener);
        }
        try (ChatSession session = newSession()) {
            session.replace(messages.subList(0, Math.max(0, messages.size() - 1)));
            return session.send(messages.subList(Math.max(0, messages.size() - 1), messages.size()), options, listener);
        }
    }
}
