package io.github.t6j.cli.serve;

import io.github.t6j.GenerationOptions;
import io.github.t6j.chat.AnswerListener;
import io.github.t6j.chat.ChatOptions;
import io.github.t6j.chat.Message;
import io.github.t6j.chat.PromptFormat;
import io.github.t6j.chat.Reasoning;
import io.github.t6j.chat.Role;
import io.github.t6j.chat.Tool;
import io.github.t6j.chat.internal.AnswerParser;
import io.github.t6j.chat.internal.ChannelReader;
import io.github.t6j.grammar.Grammar;
import io.github.t6j.json.Json;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Prompt of a chat request, and the form of its answers.
 *
 * @param rendered messages as the chat template renders them, with the tag
 * @param continues true if the answer continues the last message
 * @param tag special token that begins a required call; or ""
 * @param options tools and options of the generation, with the grammar of the form
 */
record ChatPrompt(PromptFormat format, List<Message> messages, ToolFields tools, String rendered, boolean continues,
        String tag, ChatOptions options) {
    private static final String FORMAT_OF_CALLS = "calls";
    private static final String VARIABLES = "chat_template_kwargs";
    private static final String THINKING = "enable_thinking";
    private static final String EFFORT = "reasoning_effort";
    static final String CONTINUES = "continue_final_message";

    /** Returns the prompt. @param options options of the request without a form of the answer */
    static ChatPrompt of(Fields fields, ServedModel served, GenerationOptions options) {
        ToolFields tools = ToolFields.of(fields);
        Optional<OutputForm> form = OutputForm.of(fields);
        List<Message> messages = ChatMessages.of(fields);
        boolean continues = fields.flag(CONTINUES);
        if (continues) {
            checkBegun(messages.getLast(), tools, form);
        }
        PromptFormat format = served.format();
        boolean required = !tools.required().isEmpty();
        Grammar text = form.map(wanted -> wanted.grammar(served.grammars())).orElse(null);
        ChatOptions chat = ChatOptions.of(options.withGrammar(text)).withTools(tools.offered())
                .withRequiredCall(required);
        chat = withVariables(chat, fields.text(EFFORT, null), fields.object(VARIABLES));
        String rendered;
        try {
            rendered = continues ? format.renderBegun(messages, chat) : format.render(messages, chat);
        } catch (RuntimeException refused) { // by the chat template
            throw ApiException.invalid("messages", "messages: " + refused.getMessage());
        }
        String tag = required && rendered.endsWith(format.callTag()) ? format.callTag() : "";
        Reasoning reasoning = tag.isEmpty() ? format.reasoning(rendered, chat) : Reasoning.none();
        Grammar grammar = text;
        if (required) {
            grammar = calls(tools.required(), tools.several(), tag.isEmpty(), reasoning, served);
        } else if (form.isPresent()) {
            boolean onlyText = ChannelReader.isIn(rendered); // the prompt opens one channel
            List<Tool> callable = onlyText ? List.of() : tools.offered();
            grammar = text(form.get(), text, callable, tools.several(), reasoning, served);
        }
        GenerationOptions generation = options.withGrammar(grammar);
        generation = required ? generation.withStop() : generation; // a stop string must not cut a call
        return new ChatPrompt(format, messages, tools, rendered, continues, tag,
                chat.withGeneration(format.untilEndOfTurn(generation)));
    }

    /**
     * Returns options with the variables of the template.
     *
     * @param effort OpenAI's reasoning_effort, if the variables have none; or null
     * @throws ApiException if another field sets a variable, or enable_thinking is no flag
     */
    private static ChatOptions withVariables(ChatOptions chat, String effort, Fields fields) {
        for (String reserved : List.of("messages", "tools", "add_generation_prompt")) {
            if (fields.has(reserved)) {
                throw fields.wrong(reserved, "no such variable, which another field sets");
            }
        }
        Map<String, Object> variables = new LinkedHashMap<>(fields.json());
        variables.remove(THINKING);
        if (effort != null) {
            variables.putIfAbsent(EFFORT, effort);
        }
        ChatOptions all = chat.withTemplateVariables(variables);
        return fields.has(THINKING) ? all.withThinking(fields.flag(THINKING)) : all;
    }

    /** @throws ApiException if the model cannot continue {@code last} */
    private static void checkBegun(Message last, ToolFields tools, Optional<OutputForm> form) {
        if (last.role() != Role.ASSISTANT || !last.toolCalls().isEmpty()) {
            throw ApiException.invalid("messages", "messages: expected an assistant message without tool_calls as the"
                    + " last one, because of " + CONTINUES + ", found another message");
        }
        if (!tools.offered().isEmpty() || form.isPresent()) {
            throw ApiException.invalid(CONTINUES, CONTINUES
                    + ": expected no tools and no form of the answer with it, found one: remove either");
        }
    }

    /** @param withTag true if the answer begins with the tag of calls, false if the prompt ends with it */
    private static Grammar calls(
            List<Tool> tools, boolean several, boolean withTag, Reasoning reasoning, ServedModel served) {
        List<String> key = List.of(FORMAT_OF_CALLS, Boolean.toString(several), Boolean.toString(withTag),
                reasoning.toString(), text(tools));
        return served.grammars().get("tools", key,
                () -> reasoning.before(calls(served.format(), tools, several, withTag)));
    }

    private static Grammar calls(PromptFormat format, List<Tool> tools, boolean several, boolean withTag) {
        Grammar calls = format.callGrammar(tools, several);
        return withTag ? Grammar.sequence(Grammar.text(format.callTag()), calls) : calls;
    }

    private static String text(List<Tool> tools) {
        return tools.stream().map(tool -> tool.name() + Json.writeLine(tool.parameters()))
                .collect(Collectors.joining());
    }

    /** Returns the texts of a form, or calls of tools if there are any, after reasoning. */
    private static Grammar text(
            OutputForm form, Grammar text, List<Tool> tools, boolean several, Reasoning reasoning,
            ServedModel served) {
        if (tools.isEmpty() && reasoning.equals(Reasoning.none())) {
            return text;
        }
        List<String> key = List.of(form.kind().toString(), reasoning.toString(), Boolean.toString(several), text(tools),
                form.text());
        return served.grammars().get(form.field(), key, () -> reasoning.before(tools.isEmpty()
                ? text
                : Grammar.choice(text, calls(served.format(), tools, several, true))));
    }

    /** Returns the ids of the prompt. @throws ApiException if it is much longer than the context */
    int[] ids(int context) {
        PromptLength.check("messages", rendered, context, part -> format.encode(part).length);
        return format.encode(rendered);
    }

    /** Returns a parser of an answer. */
    AnswerParser newParser(AnswerListener listener) {
        if (continues) {
            String prompt = format.render(messages.subList(0, messages.size() - 1), options);
            return AnswerParser.ofRest(prompt, messages, options.tools(), listener);
        }
        AnswerParser parser = new AnswerParser(format.hasTemplate() ? rendered : "", options.tools(), messages,
                options.generation().grammar() != null, listener);
        parser.append(tag);
        return parser;
    }
}
