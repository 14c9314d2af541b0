package io.github.t6j.cli.langchain4j;

import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.chat.PromptFormat;

/** A model of t6j as LangChain4j's ChatModel, in this process. */
public final class T6jChatModel implements ChatModel, AutoCloseable {
    private final T6jChat chat;

    /** @param model model, which the caller closes after this */
    public T6jChatModel(Model model, PromptFormat format, GenerationOptions defaults) {
        chat = new T6jChat(model, format, defaults);
    }

    @Override
    public ChatResponse doChat(ChatRequest request) {
        return chat.answer(request, piece -> false);
    }

    @Override
    public void close() {
        chat.close();
    }
}
