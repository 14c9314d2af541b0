package io.github.t6j.cli.serve;

import io.github.t6j.Likelihood;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Format of /v1/chat/completions.
 *
 * @param logProbabilities true if the answer includes token probabilities
 */
record ChatFormat(String id, long created, ServedModel served, boolean logProbabilities) implements ResponseFormat {
    /** Replacement for −∞: smaller than the log-probability of any float. */
    private static final double LEAST = -9999;

    @Override
    public Map<String, Object> head(boolean chunk) {
        return ResponseFormat.head(id, chunk ? "chat.completion.chunk" : "chat.completion", created, served);
    }

    @Override
    public Map<String, Object> first(int index) {
        Map<String, Object> delta = new LinkedHashMap<>();
        delta.put("role", "assistant");
        delta.put("content", "");
        return choice(index, "delta", delta, List.of(), null);
    }

    @Override
    public Map<String, Object> part(int index, String text, List<ChosenToken> tokens) {
        return choice(index, "delta", Map.of("content", text), tokens, null);
    }

    @Override
    public Map<String, Object> last(int index, String finishReason) {
        return choice(index, "delta", Map.of(), List.of(), finishReason);
    }

    @Override
    public Map<String, Object> whole(int index, String text, List<ChosenToken> tokens, String finishReason) {
        Map<String, Object> message = new LinkedHashMap<>();
        message.put("role", "assistant");
        message.put("content", text);
        message.put("refusal", null);
        return choice(index, "message", message, tokens, finishReason);
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
        for (ChosenToken one : tokens) {
            Map<String, Object> token = token(one, one.token().id(), one.token().logProbability());
            List<Object> alternatives = new ArrayList<>();
            for (Likelihood other : one.alternatives()) {
                alternatives.add(token(one, other.id(), other.logProbability()));
            }
            token.put("top_logprobs", alternatives);
            content.add(token);
        }
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("content", content);
        all.put("refusal", null);
        return all;
    }

    private static Map<String, Object> token(ChosenToken one, int id, float logProbability) {
        List<Object> bytes = new ArrayList<>();
        for (byte b : one.bytes(id)) {
            bytes.add((long) (b & 0xFF));
        }
        Map<String, Object> token = new LinkedHashMap<>();
        token.put("token", one.text(id));
        token.put("logprob", finite(logProbability));
        token.put("bytes", bytes);
        return token;
    }

    /** Returns a finite number, since JSON has no infinity. */
    static double finite(float logProbability) {
        return Math.max(LEAST, logProbability);
    }
}
