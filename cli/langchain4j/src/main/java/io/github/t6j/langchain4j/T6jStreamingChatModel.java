package io.github.t6j.langchain4j;

import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import io.github.t6j.chat.Chat;
import io.github.t6j.chat.ChatOptions;
import java.util.Objects;
import java.util.Set;

/**
 * LangChain4j's StreamingChatModel on a model of t6j in this process. Each answer arrives on its own thread: text,
 * thinking, and tool calls with their arguments while they are generated. It supports what {@link T6jChatModel} does.
 */
public final class T6jStreamingChatModel implements StreamingChatModel {
    private final Chat model;
    private final ChatOptions defaults;

    /** @param model model, which the caller closes after the last request */
    public T6jStreamingChatModel(Chat model) {
        this(model, model.options());
    }

    /**
     * @param model model, which the caller closes after the last request
     * @param defaults options that a request does not set, also tools; only these can have a seed
     */
    public T6jStreamingChatModel(Chat model, ChatOptions defaults) {
        this.model = Objects.requireNonNull(model, "model");
        this.defaults = Objects.requireNonNull(defaults, "defaults");
    }

    /** Returns the schema of an answer, which a grammar enforces. */
    @Override
    public Set<Capability> supportedCapabilities() {
        return Set.of(Capability.RESPONSE_FORMAT_JSON_SCHEMA);
    }

    @Override
    public void doChat(ChatRequest request, StreamingChatResponseHandler handler) {
        Thread.ofVirtual().name("t6j-answer").start(() -> {
            StreamedAnswer streamed = new StreamedAnswer(handler);
            try {
                streamed.complete(model.answer(
                        Requests.messages(request), streamed.cancelling(Requests.options(request, defaults)),
                        streamed));
            } catch (RuntimeException | Error failure) {
                streamed.fail(failure);
            }
        });
    }
}
