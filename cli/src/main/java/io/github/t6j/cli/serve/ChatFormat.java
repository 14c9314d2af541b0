package io.github.t6j.cli.serve;

import io.github.t6j.Likelihood;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Format of /v1/chat/completions. */
final class ChatFormat implements ResponseFormat {
    /** Replacement for −∞: smaller than the log-probability of any float. */
    private static final double MIN_LOGPROB = -9999;

    private final String id;
    private final long created;
    private final ServedModel served;
    private final ChatPrompt prompt;
    private final boolean logProbabilities;
    private final Map<Integer, ChatChoice> choices = new HashMap<>();

    /** @param logProbabilities true if the answer includes token probabilities */
    ChatFormat(String id, long created, ServedModel served, ChatPrompt prompt, boolean logProbabilities) {
        this.id = id;
        this.created = created;
        this.served = served;
        this.prompt = prompt;
        this.logProbabilities = logProbabilities;
    }

    private ChatChoice choice(int index) {
        return choices.computeIfAbsent(index, _ -> new ChatChoice(prompt));
    }

    @Override
    public Map<String, Object> head(boolean chunk) {
        return ResponseFormat.head(id, chunk ? "chat.completion.chunk" : "chat.completion", created, served);
    }

    @Override
    public Map<String, Object> first(int index) {
        Map<String, Object> delta = new LinkedHashMap<>();
        delta.put("role", "assistant");
        delta.put("content", prompt.tools().required().isEmpty() ? "" : null);
        return choice(index, "delta", delta, List.of(), null);
    }

    @Override
    public List<Map<String, Object>> parts(int index, String text, List<ChosenToken> tokens) {
        return deltas(index, choice(index).append(text), tokens);
    }

    /** Returns a part for each delta, the first with {@code tokens}. */
    private List<Map<String, Object>> deltas(int index, List<Map<String, Object>> deltas, List<ChosenToken> tokens) {
        List<Map<String, Object>> parts = new ArrayList<>();
        for (Map<String, Object> delta : deltas) {
            parts.add(choice(index, "delta", delta, parts.isEmpty() ? tokens : List.of(), null));
        }
        return parts;
    }

    @Override
    public List<Map<String, Object>> last(int index, String text, List<ChosenToken> tokens, String finishReason) {
        List<Map<String, Object>> deltas = new ArrayList<>(choice(index).append(text));
        deltas.addAll(choice(index).finish());
        List<Map<String, Object>> parts = deltas(index, deltas, tokens);
        List<ChosenToken> left = parts.isEmpty() ? tokens : List.of();
        parts.add(choice(index, "delta", Map.of(), left, choice(index).finishReason(finishReason)));
        return parts;
    }

    @Override
    public Map<String, Object> whole(int index, String text, List<ChosenToken> tokens, String finishReason) {
        ChatChoice choice = choice(index);
        choice.append(text);
        choice.finish();
        return choice(index, "message", choice.message(), tokens, choice.finishReason(finishReason));
    }

    private Map<String, Object> choice(
            int index, String key, Map<String, Object> content, List<ChosenToken> tokens, String finishReason) {
        Map<String, Object> choice = new LinkedHashMap<>();
        choice.put("index", (long) index);
        choice.put(key, content);
        choice.put("logprobs", logProbabilities ? logProbabilities(tokens) : null);
        choice.put("finish_reason", finishReason);
        return choice;
    }

    private static Map<String, Object> logProbabilities(List<ChosenToken> tokens) {
        List<Object> content = new ArrayList<>();
        for (ChosenToken chosen : tokens) {
            Map<String, Object> token = token(chosen, chosen.token().id(), chosen.token().logProbability());
            List<Object> alternatives = new ArrayList<>();
            for (Likelihood likelihood : chosen.alternatives()) {
                alternatives.add(token(chosen, likelihood.id(), likelihood.logProbability()));
            }
            token.put("top_logprobs", alternatives);
            content.add(token);
        }
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("content", content);
        all.put("refusal", null);
        return all;
    }

    private static Map<String, Object> token(ChosenToken chosen, int id, float logProbability) {
        List<Object> bytes = new ArrayList<>();
        for (byte b : chosen.bytes(id)) {
            bytes.add((long) (b & 0xFF));
        }
        Map<String, Object> token = new LinkedHashMap<>();
        token.put("token", chosen.text(id));
        token.put("logprob", finite(logProbability));
        token.put("bytes", bytes);
        return token;
    }

    /** Returns a finite number, since JSON has no infinity. */
    static double finite(float logProbability) {
        return Math.max(MIN_LOGPROB, logProbability);
    }
}
