package io.github.t6j.langchain4j;

import dev.langchain4j.model.chat.response.CompleteToolCall;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.PartialThinking;
import dev.langchain4j.model.chat.response.PartialThinkingContext;
import dev.langchain4j.model.chat.response.PartialToolCall;
import dev.langchain4j.model.chat.response.PartialToolCallContext;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.chat.response.StreamingHandle;
import io.github.t6j.chat.Answer;
import io.github.t6j.chat.AnswerListener;
import io.github.t6j.chat.AnswerPart;
import io.github.t6j.chat.ChatOptions;
import io.github.t6j.chat.ToolCall;
import java.util.concurrent.CancellationException;

/** Passes the parts of an answer to a handler. A cancelled answer ends with its next part, and reports nothing more. */
final class StreamedAnswer implements AnswerListener, StreamingHandle {
    private final StreamingChatResponseHandler handler;
    private volatile boolean cancelled;
    private AnswerPart.CallBegun call; // in progress
    private ToolCall held; // ended without being complete: cut off, if it is the last one; or null
    private int calls; // that were passed on

    StreamedAnswer(StreamingChatResponseHandler handler) {
        this.handler = handler;
    }

    @Override
    public void onPart(AnswerPart part) {
        if (!cancelled) {
            pass(part);
        }
        if (cancelled) {
            throw new CancellationException("the answer was cancelled");
        }
    }

    private void pass(AnswerPart part) {
        switch (part) {
            case AnswerPart.Text(String text) ->
                handler.onPartialResponse(new PartialResponse(text), new PartialResponseContext(this));
            case AnswerPart.Reasoning(String text) ->
                handler.onPartialThinking(new PartialThinking(text), new PartialThinkingContext(this));
            case AnswerPart.CallBegun begun -> {
                if (held != null) {
                    complete(calls, held);
                    held = null;
                }
                call = begun;
            }
            case AnswerPart.Arguments(int index, String text) -> handler.onPartialToolCall(PartialToolCall.builder()
                    .index(index).id(call.id()).name(call.name()).partialArguments(text).build(),
                    new PartialToolCallContext(this));
            case AnswerPart.CallEnded(int index, var ended) -> {
                if (ended.isComplete()) {
                    complete(index, ended);
                } else {
                    held = ended;
                }
            }
        }
    }

    private void complete(int index, ToolCall ended) {
        handler.onCompleteToolCall(new CompleteToolCall(index, Requests.request(ended)));
        calls = index + 1;
    }

    /** Returns options that also end the answer once it is cancelled, while it waits or no part comes. */
    ChatOptions cancelling(ChatOptions options) {
        return options.withGeneration(made -> made.withCall(made.call().orCancelledBy(() -> cancelled)));
    }

    void complete(Answer answer) {
        if (!cancelled && !answer.cutOffNotice().isEmpty()) {
            handler.onPartialResponse(
                    new PartialResponse(Requests.notice(answer)), new PartialResponseContext(this));
        }
        for (int index = calls; !cancelled && index < answer.calls().size(); index++) {
            complete(index, answer.calls().get(index));
        }
        if (!cancelled) {
            handler.onCompleteResponse(Requests.response(answer));
        }
    }

    void fail(Throwable failure) {
        if (!cancelled) {
            handler.onError(failure);
        }
    }

    @Override
    public void cancel() {
        cancelled = true;
    }

    @Override
    public boolean isCancelled() {
        return cancelled;
    }
}
