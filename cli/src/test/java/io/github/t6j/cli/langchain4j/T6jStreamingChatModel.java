package io.github.t6j.cli.langchain4j;

import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.chat.response.StreamingHandle;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.chat.PromptFormat;

/** A model of t6j as LangChain4j's StreamingChatModel, in this process: each answer arrives on a thread of its own. */
public final class T6jStreamingChatModel implements StreamingChatModel, AutoCloseable {
    private final T6jChat chat;

    /** @param model model, which the caller closes after this */
    public T6jStreamingChatModel(Model model, PromptFormat format, GenerationOptions defaults) {
        chat = new T6jChat(model, format, defaults);
    }

    @Override
    public void doChat(ChatRequest request, StreamingChatResponseHandler handler) {
        Thread.ofPlatform().daemon().name("t6j-answer").start(() -> answer(request, handler));
    }

    private void answer(ChatRequest request, StreamingChatResponseHandler handler) {
        Cancelling cancelling = new Cancelling();
        PartialResponseContext context = new PartialResponseContext(cancelling);
        try {
            ChatResponse whole = chat.answer(request, piece -> {
                handler.onPartialResponse(new PartialResponse(piece), context);
                return cancelling.isCancelled();
            });
            if (!cancelling.isCancelled()) {
                handler.onCompleteResponse(whole);
            }
        } catch (RuntimeException | Error failure) {
            handler.onError(failure);
        }
    }

    /** Ends a cancelled answer with its next piece, and reports nothing more. */
    private static final class Cancelling implements StreamingHandle {
        private volatile boolean cancelled;

        @Override
        public void cancel() {
            cancelled = true;
        }

        @Override
        public boolean isCancelled() {
            return cancelled;
        }
    }

    @Override
    public void close() {
        chat.close();
    }
}
