package io.github.t6j.cli.serve;

import io.github.t6j.GenerationOptions;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/** POST /v1/chat/completions: answers messages. */
final class ChatCompletions {
    /** Fields that would change the answer, and are not supported. */
    private static final Set<String> UNSUPPORTED =
            Set.of("functions", "function_call", "audio", "web_search_options");

    private static final int MAX_ALTERNATIVES = 20;

    private ChatCompletions() {}

    static void answer(Exchange exchange, ServedModel served) throws IOException {
        Completions.run(exchange, served, exchange.prepared(fields -> prepared(fields, served)));
    }

    private static Completions.Prepared prepared(Fields fields, ServedModel served) {
        served.check(fields);
        refuse(fields);
        int copies = Completions.copies(fields, served);
        boolean withLogprobs = fields.flag("logprobs");
        int alternatives = fields.whole("top_logprobs", 0, MAX_ALTERNATIVES, 0);
        if (alternatives > 0 && !withLogprobs) {
            throw ApiException.invalid("top_logprobs", "top_logprobs: expected \"logprobs\": true with it, found none");
        }
        int max = SamplingFields.maxTokens(
                fields, Integer.MAX_VALUE, "n_predict", "max_tokens", "max_completion_tokens");
        GenerationOptions options =
                SamplingFields.options(fields, served, max).withTopLogprobs(alternatives);
        ChatPrompt prompt = ChatPrompt.of(fields, served, options);
        return new Completions.Prepared(fields, "messages",
                List.of(new WantedPrompt(prompt.ids(served.scheduler().contextLength()), copies,
                        prompt.options().generation())),
                new ChatFormat("chatcmpl-" + UUID.randomUUID(), ResponseFormat.now(), served, prompt, withLogprobs));
    }

    private static void refuse(Fields fields) {
        fields.refuse(UNSUPPORTED);
        if (fields.value("modalities") instanceof List<?> list && !list.equals(List.of("text"))) {
            throw ApiException.unsupported("modalities");
        }
    }
}
