package io.github.t6j.cli.serve;

import io.github.t6j.GenerationOptions;
import io.github.t6j.chat.ChatOptions;
import io.github.t6j.chat.Message;
import io.github.t6j.chat.Role;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/** POST /v1/chat/completions: answers messages. */
final class ChatCompletions {
    /** Fields that would change the answer, and are not supported. */
    private static final Set<String> UNSUPPORTED = Set.of("tools", "functions", "tool_choice", "function_call", "audio",
            "web_search_options", "guided_json", "guided_regex", "guided_choice", "guided_grammar", "grammar",
            "json_schema", "use_beam_search");

    private static final int MOST_COPIES = 128;
    private static final int MAX_ALTERNATIVES = 20;

    private ChatCompletions() {}

    static void answer(Exchange exchange, ServedModel served) throws IOException {
        Fields fields = exchange.fields();
        served.check(fields);
        refuse(fields);
        String text = render(messages(fields), fields, served);
        int[] prompt = served.format().encode(text);
        int copies = fields.whole("n", 1, MOST_COPIES, 1);
        boolean tells = fields.flag("logprobs");
        int alternatives = fields.whole("top_logprobs", 0, MAX_ALTERNATIVES, 0);
        if (alternatives > 0 && !tells) {
            throw ApiException.invalid("top_logprobs", "top_logprobs: expected \"logprobs\": true with it, found none");
        }
        int most = fields.whole("max_tokens", 0, Integer.MAX_VALUE, Integer.MAX_VALUE);
        most = fields.whole("max_completion_tokens", 0, Integer.MAX_VALUE, most);
        GenerationOptions options =
                served.format().untilEndOfTurn(SamplingFields.options(fields, served.sampling(), most))
                        .withTopLogprobs(alternatives);
        Completions.run(
                exchange, served, fields, List.of(new WantedPrompt(prompt, copies, options)),
                new ChatFormat("chatcmpl-" + UUID.randomUUID(), ResponseFormat.now(), served, tells));
    }

    private static void refuse(Fields fields) {
        fields.refuse(UNSUPPORTED);
        if (!fields.object("response_format").text("type", "text").equals("text")) {
            throw ApiException.unsupported("response_format");
        }
        if (fields.value("modalities") instanceof List<?> list && !list.equals(List.of("text"))) {
            throw ApiException.unsupported("modalities");
        }
    }

    private static String render(List<Message> messages, Fields fields, ServedModel served) {
        Object thinks = fields.object("chat_template_kwargs").value("enable_thinking");
        try {
            ChatOptions options = ChatOptions.of(GenerationOptions.defaults());
            return served.format().render(messages,
                    thinks instanceof Boolean flag ? options.withThinking(flag) : options);
        } catch (RuntimeException refused) { // by the chat template
            throw ApiException.invalid("messages", "messages: " + refused.getMessage());
        }
    }

    private static List<Message> messages(Fields fields) {
        List<Message> messages = new ArrayList<>();
        for (Fields message : fields.objects("messages")) {
            message.refuse(Set.of("tool_calls", "function_call", "audio"));
            String said = message.requiredText("role");
            String role = said.equals("developer") ? "system" : said; // the newer name of the same role
            Role known = Role.of(role).filter(one -> one != Role.TOOL).orElse(null);
            if (known == null) {
                throw ApiException.invalid("messages",
                        "messages[" + messages.size() + "].role: expected system, user or"
                                + " assistant, found \"" + said + "\"");
            }
            String content = content(message, messages.size());
            messages.add(switch (known) {
                case SYSTEM -> Message.system(content);
                case ASSISTANT -> Message.assistant(content);
                default -> Message.user(content);
            });
        }
        return messages;
    }

    /** Returns a text, or the joined texts of an array of parts. */
    private static String content(Fields message, int index) {
        if (!(message.value("content") instanceof List<?>)) {
            return message.requiredText("content");
        }
        StringBuilder text = new StringBuilder();
        for (Fields part : message.objects("content")) {
            String type = part.requiredText("type");
            if (!type.equals("text")) {
                throw ApiException.unsupported("messages[" + index + "].content of type " + type);
            }
            text.append(part.requiredText("text"));
        }
        return text.toString();
    }
}
