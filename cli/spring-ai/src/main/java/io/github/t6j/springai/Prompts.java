package io.github.t6j.springai;

import io.github.t6j.GenerationOptions;
import io.github.t6j.chat.Answer;
import io.github.t6j.chat.ChatOptions;
import io.github.t6j.chat.Message;
import io.github.t6j.chat.Tool;
import io.github.t6j.chat.ToolCall;
import io.github.t6j.grammar.Grammar;
import io.github.t6j.sampling.SamplingOptions;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.metadata.ChatGenerationMetadata;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.model.tool.StructuredOutputChatOptions;
import org.springframework.ai.model.tool.ToolCallingChatOptions;
import org.springframework.ai.tool.ToolCallback;
import org.springframework.ai.tool.definition.ToolDefinition;

/** Converts Spring AI's prompts to messages and options of t6j, and answers to responses. */
final class Prompts {
    /** Key of the reasoning in a message's metadata, which other models of Spring AI use, too. */
    static final String REASONING = "reasoningContent";
    /**
     * Key of the whole reasoning in the last part of a streamed response: Spring AI joins the metadata of the parts by
     * their keys, so that only the last piece would be left.
     */
    private static final String WHOLE_REASONING = "t6jReasoning";

    private Prompts() {}

    static List<Message> messages(Prompt prompt) {
        return prompt.getInstructions().stream().flatMap(Prompts::messages).toList();
    }

    private static Stream<Message> messages(org.springframework.ai.chat.messages.Message message) {
        return switch (message) {
            case SystemMessage system -> Stream.of(Message.system(text(system)));
            case UserMessage user when user.getMedia().isEmpty() -> Stream.of(Message.user(text(user)));
            case AssistantMessage assistant when assistant.getMedia().isEmpty() -> Stream.of(Message.assistant(
                    text(assistant),
                    reasoning(assistant.getMetadata()),
                    assistant.getToolCalls().stream()
                            .map(call -> new ToolCall(call.id(), call.name(), call.arguments())).toList()));
            case ToolResponseMessage results -> results.getResponses().stream()
                    .map(result -> Message.toolResult(result.id(), result.name(), result.responseData()));
            default -> throw new IllegalArgumentException(
                    "messages: expected texts, found other content in a message of type " + message.getMessageType());
        };
    }

    private static String reasoning(Map<String, Object> metadata) {
        return metadata.getOrDefault(WHOLE_REASONING, metadata.get(REASONING)) instanceof String text ? text : "";
    }

    private static String text(org.springframework.ai.chat.messages.Message message) {
        return Objects.requireNonNullElse(message.getText(), "");
    }

    /** @param defaults options that a prompt does not set */
    static ChatOptions options(Prompt prompt, ChatOptions defaults) {
        List<org.springframework.ai.chat.messages.Message> messages = prompt.getInstructions();
        boolean continues = !messages.isEmpty() && messages.getLast() instanceof ToolResponseMessage;
        ChatOptions options = prompt.getOptions() == null ? defaults : options(prompt.getOptions(), defaults);
        return options.withRequiredCall(defaults.requiredCall() && !continues && !options.tools().isEmpty());
    }

    private static ChatOptions options(org.springframework.ai.chat.prompt.ChatOptions asked, ChatOptions defaults) {
        GenerationOptions generation = defaults.generation();
        SamplingOptions sampling = generation.sampling();
        sampling = with(asked.getTemperature(), sampling, (s, value) -> s.withTemperature(value.floatValue()));
        sampling = with(asked.getTopK(), sampling, SamplingOptions::withTopK);
        sampling = with(asked.getTopP(), sampling, (s, value) -> s.withTopP(value.floatValue()));
        sampling = with(asked.getFrequencyPenalty(), sampling, (s, p) -> s.withFrequencyPenalty(p.floatValue()));
        sampling = with(asked.getPresencePenalty(), sampling, (s, p) -> s.withPresencePenalty(p.floatValue()));
        generation = with(asked.getMaxTokens(), generation.withSampling(sampling), GenerationOptions::withMaxTokens);
        List<String> stop = asked.getStopSequences();
        if (stop != null && !stop.isEmpty()) {
            generation = generation.withStop(stop.toArray(String[]::new));
        }
        if (asked instanceof StructuredOutputChatOptions structured && structured.getOutputSchema() != null) {
            generation = generation.withGrammar(Grammar.jsonSchema(structured.getOutputSchema()));
        }
        List<ToolCallback> callbacks = asked instanceof ToolCallingChatOptions calling
                ? calling.getToolCallbacks()
                : null;
        return defaults.withGeneration(generation).withTools(callbacks == null || callbacks.isEmpty()
                ? defaults.tools()
                : callbacks.stream().map(Prompts::tool).toList());
    }

    private static Tool tool(ToolCallback callback) {
        ToolDefinition definition = callback.getToolDefinition();
        return Tool.of(definition.name(), definition.description(), definition.inputSchema());
    }

    private static <O, V> O with(V value, O options, BiFunction<O, V, O> change) {
        return value == null ? options : change.apply(options, value);
    }

    /** Returns a part of a streamed response. */
    static ChatResponse part(String text, String reasoning) {
        return new ChatResponse(List.of(new Generation(message(text, REASONING, reasoning, List.of()))));
    }

    private static AssistantMessage message(String text, String key, String reasoning, List<ToolCall> calls) {
        return AssistantMessage.builder().content(text)
                .properties(reasoning.isEmpty() ? Map.of() : Map.of(key, reasoning))
                .toolCalls(calls.stream().map(call -> new AssistantMessage.ToolCall(
                        call.id(), "function", call.name(), call.arguments())).toList())
                .build();
    }

    /**
     * Returns the whole response. A call that is cut off becomes text, so that nothing runs it; one whose arguments are
     * malformed stays, and Spring AI handles the error.
     */
    static ChatResponse response(Answer answer) {
        Message message = answer.message();
        return response(answer,
                message(message.content() + notice(answer), REASONING, message.reasoning(), answer.calls()));
    }

    /** Returns the last part of a streamed response: calls, the whole reasoning, the finish reason and the counts. */
    static ChatResponse last(Answer answer) {
        return response(answer,
                message(notice(answer), WHOLE_REASONING, answer.message().reasoning(), answer.calls()));
    }

    /** Returns the text about a call that is cut off, after the answer's own text; or "". */
    private static String notice(Answer answer) {
        String notice = answer.cutOffNotice();
        return notice.isEmpty() || answer.content().isEmpty() ? notice : "\n" + notice;
    }

    private static ChatResponse response(Answer answer, AssistantMessage message) {
        String reason = switch (answer.generation().finishReason()) {
            case END_OF_TEXT, STOP_STRING -> message.hasToolCalls() ? "TOOL_CALLS" : "STOP";
            case MAX_TOKENS, CONTEXT_FULL, DEADLINE -> "LENGTH";
            default -> "CANCELLED";
        };
        DefaultUsage usage = new DefaultUsage(
                answer.cached() + answer.generation().promptTokens(), answer.generation().tokens().size());
        return new ChatResponse(
                List.of(new Generation(message, ChatGenerationMetadata.builder().finishReason(reason).build())),
                ChatResponseMetadata.builder().usage(usage).build());
    }
}
