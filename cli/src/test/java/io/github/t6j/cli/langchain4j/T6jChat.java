package io.github.t6j.cli.langchain4j;

import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.model.output.TokenUsage;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.Session;
import io.github.t6j.chat.Answer;
import io.github.t6j.chat.AnswerListener;
import io.github.t6j.chat.Chat;
import io.github.t6j.chat.Message;
import io.github.t6j.chat.PromptFormat;
import io.github.t6j.sampling.SamplingOptions;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiFunction;
import java.util.function.Predicate;

/**
 * Shared part of {@link T6jChatModel} and {@link T6jStreamingChatModel}: requests are answered one after the other in
 * one session, which keeps the common prefix of a request with the one before. It supports texts only: no tools, images
 * or JSON.
 */
final class T6jChat implements AutoCloseable {
    private final Session session;
    private final Chat chat;
    private final GenerationOptions defaults;
    private final ReentrantLock lock = new ReentrantLock();

    /** @param defaults options that a request does not set; only these can have a seed */
    T6jChat(Model model, PromptFormat format, GenerationOptions defaults) {
        session = model.newSession();
        chat = new Chat(model, session, format);
        this.defaults = defaults;
    }

    /** @param listener receives the answer as it is generated; true stops it */
    ChatResponse answer(ChatRequest request, Predicate<String> listener) {
        List<Message> messages = request.messages().stream().map(T6jChat::message).toList();
        if (!messages.getLast().role().equals("user")) {
            throw new UnsupportedFeatureException("messages: expected a user's as the last, found another");
        }
        if (!request.toolSpecifications().isEmpty() || request.responseFormat() != null) {
            throw new UnsupportedFeatureException("expected a request for text, found tools or a response format");
        }
        StringBuilder text = new StringBuilder();
        StringBuilder thoughts = new StringBuilder();
        AnswerListener split = (piece, thinking) -> {
            (thinking ? thoughts : text).append(piece);
            if (!thinking && listener.test(piece)) {
                chat.stop();
            }
        };
        lock.lock();
        try {
            chat.replace(messages.subList(0, messages.size() - 1));
            Answer answer = chat.say(messages.getLast().content(), options(request), true, split);
            return response(answer, text.toString(), thoughts.toString());
        } finally {
            lock.unlock();
        }
    }

    private static Message message(ChatMessage message) {
        return switch (message) {
            case SystemMessage system -> Message.system(system.text());
            case UserMessage user when user.hasSingleText() -> Message.user(user.singleText());
            case AiMessage ai when !ai.hasToolExecutionRequests() -> Message.assistant(ai.text());
            default -> throw new UnsupportedFeatureException("messages: expected texts, found " + message.type());
        };
    }

    private GenerationOptions options(ChatRequest request) {
        SamplingOptions sampling = defaults.sampling();
        sampling = with(request.temperature(), sampling, (s, value) -> s.withTemperature(value.floatValue()));
        sampling = with(request.topK(), sampling, SamplingOptions::withTopK);
        sampling = with(request.topP(), sampling, (s, value) -> s.withTopP(value.floatValue()));
        sampling = with(request.frequencyPenalty(), sampling, (s, p) -> s.withFrequencyPenalty(p.floatValue()));
        sampling = with(request.presencePenalty(), sampling, (s, p) -> s.withPresencePenalty(p.floatValue()));
        GenerationOptions options = defaults.withSampling(sampling);
        options = with(request.maxOutputTokens(), options, GenerationOptions::withMaxTokens);
        return request.stopSequences().isEmpty()
                ? options
                : options.withStop(request.stopSequences().toArray(String[]::new));
    }

    private static <O, V> O with(V value, O options, BiFunction<O, V, O> change) {
        return value == null ? options : change.apply(options, value);
    }

    private static ChatResponse response(Answer answer, String text, String thoughts) {
        FinishReason reason = switch (answer.generation().finishReason()) {
            case END_OF_TEXT, STOP_STRING -> FinishReason.STOP;
            case MAX_TOKENS, CONTEXT_FULL -> FinishReason.LENGTH;
            case STOPPED_BY_LISTENER, CANCELLED, DEADLINE -> FinishReason.OTHER;
        };
        return ChatResponse.builder()
                .aiMessage(AiMessage.builder().text(text).thinking(thoughts.isEmpty() ? null : thoughts).build())
                .tokenUsage(new TokenUsage(
                        answer.cached() + answer.generation().promptTokens(), answer.generation().tokens().size()))
                .finishReason(reason).build();
    }

    @Override
    public void close() {
        session.close();
    }
}
