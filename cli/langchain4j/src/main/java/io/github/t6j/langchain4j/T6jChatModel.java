package io.github.t6j.langchain4j;

import dev.langchain4j.model.chat.Capability;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import io.github.t6j.chat.AnswerListener;
import io.github.t6j.chat.ChatOptions;
import java.util.Objects;
import java.util.Set;

/**
 * LangChain4j's ChatModel on a model of t6j in this process. Any number of threads may send requests at once. It
 * supports texts, tools, and JSON by a schema; with required tools, the answer is a call whose arguments match the
 * tool's schema. Images cause an UnsupportedFeatureException.
 */
public final class T6jChatModel implements ChatModel {
    private final io.github.t6j.chat.Chat model;
    private final ChatOptions defaults;

    /** @param model model, which the caller closes after the last request */
    public T6jChatModel(io.github.t6j.chat.Chat model) {
        this(model, model.options());
    }

    /**
     * @param model model, which the caller closes after the last request
     * @param defaults options that a request does not set, also tools; only these can have a seed
     */
    public T6jChatModel(io.github.t6j.chat.Chat model, ChatOptions defaults) {
        this.model = Objects.requireNonNull(model, "model");
        this.defaults = Objects.requireNonNull(defaults, "defaults");
    }

    /** Returns the schema of an answer, which a grammar enforces. */
    @Override
    public Set<Capability> supportedCapabilities() {
        return Set.of(Capability.RESPONSE_FORMAT_JSON_SCHEMA);
    }

    @Override
    public ChatResponse doChat(ChatRequest request) {
        return Requests.response(model.answer(
                Requests.messages(request), Requests.options(request, defaults), AnswerListener.none()));
    }
}
