package io.github.t6j.springai;

import io.github.t6j.chat.AnswerListener;
import io.github.t6j.chat.AnswerPart;
import io.github.t6j.chat.ChatOptions;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.prompt.Prompt;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;

/**
 * Spring AI's ChatModel on a model of t6j in this process. Any number of threads may send prompts at once. It supports
 * texts and tools; images cause an IllegalArgumentException. Reasoning is in a message's metadata as
 * {@code reasoningContent}. Tools are executed by a ChatClient. If the default options require a call, each answer to a
 * prompt with tools is a call whose arguments match the tool's schema, unless the prompt ends with the results of
 * tools.
 */
public final class T6jChatModel implements ChatModel {
    private final io.github.t6j.chat.Chat model;
    private final ChatOptions defaults;

    /** @param model model, which the caller closes after the last prompt */
    public T6jChatModel(io.github.t6j.chat.Chat model) {
        this(model, model.options());
    }

    /**
     * @param model model, which the caller closes after the last prompt
     * @param defaults options that a prompt does not set, also tools; only these can have a seed
     */
    public T6jChatModel(io.github.t6j.chat.Chat model, ChatOptions defaults) {
        this.model = Objects.requireNonNull(model, "model");
        this.defaults = Objects.requireNonNull(defaults, "defaults");
    }

    @Override
    public org.springframework.ai.chat.prompt.ChatOptions getOptions() {
        return T6jChatOptions.builder().build(); // what a prompt does not set is in the defaults
    }

    @Override
    public ChatResponse call(Prompt prompt) {
        return Prompts.response(model.answer(
                Prompts.messages(prompt), Prompts.options(prompt, defaults), AnswerListener.none()));
    }

    /** Returns the answer in parts, which a separate thread generates once there is a subscriber. */
    @Override
    public Flux<ChatResponse> stream(Prompt prompt) {
        return Flux.create(sink -> Thread.ofVirtual().name("t6j-answer").start(() -> answer(prompt, sink)));
    }

    private void answer(Prompt prompt, FluxSink<ChatResponse> sink) {
        try {
            sink.next(Prompts.last(model.answer(
                    Prompts.messages(prompt), cancelling(Prompts.options(prompt, defaults), sink),
                    part -> pass(part, sink))));
            sink.complete();
        } catch (RuntimeException | Error failure) {
            if (!sink.isCancelled()) {
                sink.error(failure);
            }
        }
    }

    /** Returns options that also end the answer once the subscriber cancels, while it waits or no part comes. */
    private static ChatOptions cancelling(ChatOptions options, FluxSink<ChatResponse> sink) {
        return options.withGeneration(made -> made.withCall(made.call().orCancelledBy(sink::isCancelled)));
    }

    private static void pass(AnswerPart part, FluxSink<ChatResponse> sink) {
        if (sink.isCancelled()) {
            throw new CancellationException("the subscriber cancelled the answer");
        }
        switch (part) {
            case AnswerPart.Text(String text) -> sink.next(Prompts.part(text, ""));
            case AnswerPart.Reasoning(String text) -> sink.next(Prompts.part("", text));
            case AnswerPart.CallBegun _,AnswerPart.Arguments _,AnswerPart.CallEnded _ -> {
                // the last part has the calls, since Spring AI does not join parts of one
            }
        }
    }
}
