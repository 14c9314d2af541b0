package io.github.t6j.cli.serve;

import io.github.t6j.tokenizer.Tokenizer;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** POST /tokenize and /detokenize. */
final class Tokens {
    private Tokens() {}

    /**
     * {@code {"content": "…"}} → {@code {"tokens": […], "count": …}}; "add_special" encodes a prompt, "parse_special"
     * reads special tokens.
     */
    static void tokenize(Exchange exchange, ServedModel served) throws IOException {
        exchange.json(200, exchange.prepared(fields -> tokenized(fields, served)));
    }

    private static Map<String, Object> tokenized(Fields fields, ServedModel served) {
        served.check(fields);
        String text = fields.has("content") ? fields.requiredText("content") : fields.requiredText("prompt");
        Tokenizer tokenizer = served.model().tokenizer();
        boolean begins = fields.flag("add_special");
        int[] ids = fields.flag("parse_special")
                ? begins ? prompt(tokenizer, text) : tokenizer.encodeWithSpecialTokens(text)
                : begins ? tokenizer.encodePrompt(text) : tokenizer.encode(text);
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("tokens", Arrays.stream(ids).mapToObj(Long::valueOf).toList());
        answer.put("count", (long) ids.length);
        return answer;
    }

    /**
     * Returns the ids of a prompt, in which special tokens are read. It gets a beginning-of-text id unless it has one.
     */
    static int[] prompt(Tokenizer tokenizer, String text) {
        int[] ids = tokenizer.encodeWithSpecialTokens(text);
        int first = tokenizer.beginningOfText();
        return first < 0 || ids.length > 0 && ids[0] == first
                ? ids
                : IntStream.concat(IntStream.of(first), Arrays.stream(ids)).toArray();
    }

    /** {@code {"tokens": […]}} → {@code {"content": "…"}}. */
    static void detokenize(Exchange exchange, ServedModel served) throws IOException {
        Fields fields = exchange.fields();
        served.check(fields);
        if (!(fields.value("tokens") instanceof List<?> list) || !list.stream().allMatch(Long.class::isInstance)) {
            throw ApiException.invalid("tokens", "tokens: expected an array of ids");
        }
        Tokenizer tokenizer = served.model().tokenizer();
        int[] ids = new int[list.size()];
        for (int i = 0; i < ids.length; i++) {
            long id = (Long) list.get(i);
            if (id < 0 || id >= tokenizer.size() || !tokenizer.hasText((int) id)) {
                throw ApiException.invalid("tokens", "tokens[" + i + "]: expected an id of the tokenizer, found " + id);
            }
            ids[i] = (int) id;
        }
        exchange.json(200, Map.of("content", tokenizer.decode(ids)));
    }
}
