package io.github.t6j.cli.serve;

import io.github.t6j.FinishReason;
import io.github.t6j.Generation;
import io.github.t6j.Token;
import io.github.t6j.cli.serve.GenerationEvents.Event;
import io.github.t6j.json.Json;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes the generations of an answer, as they are generated or at the end; a client that disconnects ends them. */
final class CompletionResponse {
    /** Longest silence while a client waits; writing is the only way to notice a disconnect. */
    static final Duration PATIENCE = Duration.ofSeconds(1);

    private final Exchange exchange;
    private final ServedModel served;
    private final GenerationEvents events;
    private final ResponseFormat format;
    private final boolean stream;
    private final boolean usage; // true for usage counts in a stream, too
    private final List<Choice> choices = new ArrayList<>();
    private final int promptTokens; // of all prompts
    private boolean begun;
    private long lastWriteTime = System.nanoTime(); // or the beginning

    /** Progress of one generation. */
    private static final class Choice {
        private final List<ChosenToken> tokens = new ArrayList<>(); // in a stream, tokens not written yet
        private long lastTokenTime; // 0 before the first
        private int writtenCharacters;
        private int tokenCharacters;
        private Generation result;
    }

    CompletionResponse(Exchange exchange, ServedModel served, GenerationEvents events, ResponseFormat format,
            int promptTokens, boolean stream, boolean usage) {
        this.exchange = exchange;
        this.served = served;
        this.events = events;
        this.format = format;
        this.promptTokens = promptTokens;
        this.stream = stream;
        this.usage = usage;
        for (int i = 0; i < events.size(); i++) {
            choices.add(new Choice());
        }
    }

    /** Writes the whole answer. */
    void write() throws IOException {
        try {
            if (stream) {
                begin();
                for (int i = 0; i < choices.size(); i++) {
                    chunk(format.first(i));
                }
            }
            for (int left = choices.size(); left > 0;) {
                Event event = events.next(PATIENCE);
                if (event != null && take(event)) {
                    left--;
                }
                if (left > 0 && System.nanoTime() - lastWriteTime >= PATIENCE.toNanos()) {
                    sendKeepAlive();
                }
            }
            finish();
        } catch (InterruptedException e) {
            throw new IOException("the client stopped reading", e); // the write timeout expired just as a write ended
        } finally {
            events.cancel(); // stops the rest if the client disconnected
        }
    }

    private void begin() throws IOException {
        if (!begun) {
            exchange.begin(stream);
            begun = true;
        }
    }

    /** Sends a keep-alive, which clients ignore: white space before a JSON object, or a comment in a stream. */
    private void sendKeepAlive() throws IOException {
        begin();
        send(stream ? ": ping\n\n" : "\n");
    }

    /** @return true if a generation ended */
    private boolean take(Event event) throws IOException {
        return switch (event) {
            case GenerationEvents.Chosen(int index, Token token) -> {
                Choice choice = choices.get(index);
                measure(choice);
                ChosenToken chosen = new ChosenToken(token, choice.tokenCharacters, served.model().tokenizer());
                choice.tokens.add(chosen);
                choice.tokenCharacters += chosen.characters();
                if (stream && !token.text().isEmpty()) {
                    parts(index, token.text());
                }
                yield false;
            }
            case GenerationEvents.Ended(int index, Generation generation) -> {
                if (generation.tokens().isEmpty()) {
                    checkBegun(generation.finishReason());
                }
                choices.get(index).result = generation;
                exchange.metrics().ended(generation.drafts());
                if (stream) {
                    end(index, generation);
                }
                yield true;
            }
            case GenerationEvents.Failed(int _, IllegalArgumentException cause) -> // such as an ambiguous grammar
                throw ApiException.invalid(null, cause.getMessage());
            case GenerationEvents.Failed(int _, Throwable cause) -> throw ApiException.failed(cause.getMessage());
        };
    }

    /** @throws ApiException if the server ended a generation before its first token */
    private void checkBegun(FinishReason reason) {
        switch (reason) {
            case CANCELLED -> throw ApiException.stopping();
            case DEADLINE -> throw ApiException.unavailable("no token within "
                    + events.limit().named(served.scheduler().options().timeout())
                    + ": too many requests, or too long a prompt");
            default -> {
            }
        }
    }

    private void measure(Choice choice) {
        long now = System.nanoTime();
        if (choice.lastTokenTime == 0) {
            exchange.metrics().firstToken.add(now - exchange.start());
        } else {
            exchange.metrics().betweenTokens.add(now - choice.lastTokenTime);
        }
        choice.lastTokenTime = now;
    }

    private void parts(int index, String text) throws IOException {
        Choice choice = choices.get(index);
        choice.writtenCharacters += text.length();
        List<Map<String, Object>> parts = format.parts(index, text, List.copyOf(choice.tokens));
        if (!parts.isEmpty()) {
            choice.tokens.clear();
        }
        for (Map<String, Object> part : parts) {
            chunk(part);
        }
    }

    private void end(int index, Generation generation) throws IOException {
        Choice choice = choices.get(index);
        String rest = generation.text().substring(Math.min(choice.writtenCharacters, generation.text().length()));
        for (Map<String, Object> part : format.last(
                index, rest, choice.tokens, ResponseFormat.finishReason(generation))) {
            chunk(part);
        }
    }

    /** Sends one part of a stream; none if {@code part} is null. */
    private void chunk(Map<String, Object> part) throws IOException {
        if (part != null) {
            Map<String, Object> chunk = format.head(true);
            chunk.put("choices", List.of(part));
            if (usage) {
                chunk.put("usage", null);
            }
            data(chunk);
        }
    }

    private void finish() throws IOException {
        Map<String, Object> counts = usage();
        if (stream) {
            if (usage) {
                Map<String, Object> chunk = format.head(true);
                chunk.put("choices", List.of());
                chunk.put("usage", counts);
                data(chunk);
            }
            send("data: [DONE]\n\n");
            return;
        }
        List<Object> all = new ArrayList<>();
        for (int i = 0; i < choices.size(); i++) {
            Generation result = choices.get(i).result;
            all.add(format.whole(i, result.text(), choices.get(i).tokens, ResponseFormat.finishReason(result)));
        }
        Map<String, Object> whole = format.head(false);
        whole.put("choices", all);
        whole.put("usage", counts);
        if (begun) {
            send(Json.writeLine(whole));
        } else {
            exchange.json(200, whole);
        }
    }

    private Map<String, Object> usage() {
        long generated = 0;
        for (Choice choice : choices) {
            generated += choice.result.tokens().size();
        }
        Map<String, Object> counts = new LinkedHashMap<>();
        exchange.tokens(promptTokens + generated);
        counts.put("prompt_tokens", (long) promptTokens);
        counts.put("completion_tokens", generated);
        counts.put("total_tokens", promptTokens + generated);
        counts.put("prompt_tokens_details", Map.of("cached_tokens", (long) events.cachedTokens()));
        counts.put("completion_tokens_details", Map.of(
                "accepted_prediction_tokens", choices.stream().mapToLong(c -> c.result.drafts().accepted()).sum(),
                "rejected_prediction_tokens", choices.stream().mapToLong(c -> c.result.drafts().rejected()).sum()));
        return counts;
    }

    private void data(Map<String, Object> json) throws IOException {
        send("data: " + Json.writeLine(json) + "\n\n");
    }

    private void send(String text) throws IOException {
        exchange.write(text);
        lastWriteTime = System.nanoTime();
    }

    /** Sends {@code error} within an answer that has begun. */
    void fail(ApiException error) throws IOException {
        exchange.failed(error);
        Map<String, Object> json = error.json(exchange.requestId());
        if (stream) {
            data(json);
        } else {
            send(Json.writeLine(json));
        }
    }
}
