package io.github.t6j.cli.serve;

import io.github.t6j.Likelihood;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Format of /v1/completions.
 *
 * @param echoed prompt of each choice, written before its text; empty without echo
 * @param logProbabilities true if the answer includes token probabilities
 */
record CompletionFormat(String id, long created, ServedModel served, List<String> echoed,
        boolean logProbabilities) implements ResponseFormat {
    @Override
    public Map<String, Object> head(boolean chunk) {
        return ResponseFormat.head(id, "text_completion", created, served);
    }

    private String echo(int index) {
        return echoed.isEmpty() ? "" : echoed.get(index);
    }

    @Override
    public Map<String, Object> first(int index) {
        return echoed.isEmpty() ? null : choice(index, echo(index), List.of(), null);
    }

    @Override
    public List<Map<String, Object>> parts(int index, String text, List<ChosenToken> tokens) {
        return List.of(choice(index, text, tokens, null));
    }

    @Override
    public List<Map<String, Object>> last(int index, String text, List<ChosenToken> tokens, String finishReason) {
        Map<String, Object> last = choice(index, "", List.of(), finishReason);
        return text.isEmpty() && tokens.isEmpty() ? List.of(last) : List.of(choice(index, text, tokens, null), last);
    }

    @Override
    public Map<String, Object> whole(int index, String text, List<ChosenToken> tokens, String finishReason) {
        return choice(index, echo(index) + text, tokens, finishReason);
    }

    private Map<String, Object> choice(int index, String text, List<ChosenToken> tokens, String finishReason) {
        Map<String, Object> choice = new LinkedHashMap<>();
        choice.put("text", text);
        choice.put("index", (long) index);
        choice.put("logprobs", logProbabilities ? logProbabilities(tokens) : null);
        choice.put("finish_reason", finishReason);
        return choice;
    }

    private static Map<String, Object> logProbabilities(List<ChosenToken> tokens) {
        List<Object> texts = new ArrayList<>();
        List<Object> logprobs = new ArrayList<>();
        List<Object> alternatives = new ArrayList<>();
        List<Object> offsets = new ArrayList<>();
        for (ChosenToken token : tokens) {
            texts.add(token.text(token.token().id()));
            logprobs.add(ChatFormat.finite(token.token().logProbability()));
            Map<String, Object> byText = new LinkedHashMap<>();
            for (Likelihood likelihood : token.alternatives()) {
                byText.putIfAbsent(token.text(likelihood.id()), ChatFormat.finite(likelihood.logProbability()));
            }
            alternatives.add(byText);
            offsets.add((long) token.offset());
        }
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("tokens", texts);
        all.put("token_logprobs", logprobs);
        all.put("top_logprobs", alternatives);
        all.put("text_offset", offsets);
        return all;
    }
}
