package io.github.t6j.langchain4j;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.internal.Json;
import dev.langchain4j.internal.JsonSchemaElementUtils;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.ToolChoice;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.model.output.TokenUsage;
import io.github.t6j.GenerationOptions;
import io.github.t6j.chat.Answer;
import io.github.t6j.chat.ChatOptions;
import io.github.t6j.chat.Message;
import io.github.t6j.chat.Tool;
import io.github.t6j.chat.ToolCall;
import io.github.t6j.grammar.Grammar;
import io.github.t6j.sampling.SamplingOptions;
import java.util.List;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.stream.Collectors;

/** Converts LangChain4j's requests to messages and options of t6j, and answers to responses. */
final class Requests {
    private Requests() {}

    static List<Message> messages(ChatRequest request) {
        return request.messages().stream().map(Requests::message).toList();
    }

    private static Message message(ChatMessage message) {
        return switch (message) {
            case SystemMessage system -> Message.system(system.text());
            case UserMessage user when user.contents().stream().allMatch(TextContent.class::isInstance) ->
                Message.user(user.contents().stream().map(part -> ((TextContent) part).text())
                        .collect(Collectors.joining("\n")));
            case AiMessage ai -> Message.assistant(
                    Objects.requireNonNullElse(ai.text(), ""), Objects.requireNonNullElse(ai.thinking(), ""),
                    ai.toolExecutionRequests().stream().map(Requests::call).toList());
            case ToolExecutionResultMessage result when result.hasSingleText() -> Message.toolResult(
                    Objects.requireNonNullElse(result.id(), ""), Objects.requireNonNullElse(result.toolName(), ""),
                    result.text());
            default ->
                throw new UnsupportedFeatureException("messages: expected texts, found other content: "
                        + message.type());
        };
    }

    private static ToolCall call(ToolExecutionRequest call) {
        return new ToolCall(Objects.requireNonNullElse(call.id(), ""), call.name(),
                Objects.requireNonNullElse(call.arguments(), "{}"));
    }

    /** @param defaults options that a request does not set */
    static ChatOptions options(ChatRequest request, ChatOptions defaults) {
        GenerationOptions generation = defaults.generation();
        if (request.responseFormat() != null && request.responseFormat().type() == ResponseFormatType.JSON) {
            generation = generation.withGrammar(grammar(request.responseFormat().jsonSchema()));
        }
        SamplingOptions sampling = generation.sampling();
        sampling = with(request.temperature(), sampling, (s, value) -> s.withTemperature(value.floatValue()));
        sampling = with(request.topK(), sampling, SamplingOptions::withTopK);
        sampling = with(request.topP(), sampling, (s, value) -> s.withTopP(value.floatValue()));
        sampling = with(request.frequencyPenalty(), sampling, (s, p) -> s.withFrequencyPenalty(p.floatValue()));
        sampling = with(request.presencePenalty(), sampling, (s, p) -> s.withPresencePenalty(p.floatValue()));
        generation = with(request.maxOutputTokens(), generation.withSampling(sampling),
                GenerationOptions::withMaxTokens);
        if (!request.stopSequences().isEmpty()) {
            generation = generation.withStop(request.stopSequences().toArray(String[]::new));
        }
        ChatOptions options = defaults.withGeneration(generation).withTools(tools(request, defaults));
        boolean continues = request.messages().getLast() instanceof ToolExecutionResultMessage;
        return options.withRequiredCall(request.toolChoice() == null
                ? defaults.requiredCall() && !continues && !options.tools().isEmpty()
                : request.toolChoice() == ToolChoice.REQUIRED);
    }

    /** @param schema schema of the answer, or null for any object */
    private static Grammar grammar(JsonSchema schema) {
        return schema == null
                ? Grammar.jsonObject()
                : Grammar.jsonSchema(Json.toJson(JsonSchemaElementUtils.toMap(schema.rootElement())));
    }

    private static List<Tool> tools(ChatRequest request, ChatOptions defaults) {
        if (request.toolChoice() == ToolChoice.NONE) {
            return List.of();
        }
        return request.toolSpecifications().isEmpty()
                ? defaults.tools()
                : request.toolSpecifications().stream().map(tool -> Tool.parse(tool.toJson())).toList();
    }

    private static <O, V> O with(V value, O options, BiFunction<O, V, O> change) {
        return value == null ? options : change.apply(options, value);
    }

    /**
     * Returns the response. A call that is cut off becomes text, so that nothing runs it; one whose arguments are
     * malformed stays, and LangChain4j handles the error.
     */
    static ChatResponse response(Answer answer) {
        Message message = answer.message();
        List<ToolExecutionRequest> calls = answer.calls().stream().map(Requests::request).toList();
        String text = message.content() + notice(answer);
        FinishReason reason = switch (answer.generation().finishReason()) {
            case END_OF_TEXT, STOP_STRING -> calls.isEmpty() ? FinishReason.STOP : FinishReason.TOOL_EXECUTION;
            case MAX_TOKENS, CONTEXT_FULL, DEADLINE -> FinishReason.LENGTH;
            default -> FinishReason.OTHER;
        };
        return ChatResponse.builder()
                .aiMessage(AiMessage.builder()
                        .text(text.isEmpty() && !calls.isEmpty() ? null : text)
                        .thinking(message.reasoning().isEmpty() ? null : message.reasoning())
                        .toolExecutionRequests(calls).build())
                .tokenUsage(new TokenUsage(
                        answer.cached() + answer.generation().promptTokens(), answer.generation().tokens().size()))
                .finishReason(reason).build();
    }

    /** Returns the text about a call that is cut off, after the answer's own text; or "". */
    static String notice(Answer answer) {
        String notice = answer.cutOffNotice();
        return notice.isEmpty() || answer.content().isEmpty() ? notice : "\n" + notice;
    }

    static ToolExecutionRequest request(ToolCall call) {
        return ToolExecutionRequest.builder().id(call.id()).name(call.name()).arguments(call.arguments()).build();
    }
}
