package io.github.t6j.jmh.load;

import io.github.t6j.json.Json;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;

/** Model of a running {@code t6j serve}. */
final class RemoteModel {
    private static final int BUSY = 429;

    private final HttpClient client;
    private final URI url;
    private final Map<String, Object> described;

    /** @throws IOException if no t6j server answers at that address */
    RemoteModel(HttpClient client, URI url) throws IOException, InterruptedException {
        this.client = client;
        this.url = url;
        HttpResponse<String> answer;
        try {
            answer = client.send(HttpRequest.newBuilder(url.resolve("/v1/models")).build(), BodyHandlers.ofString());
        } catch (ConnectException e) {
            throw new IOException(url + ": expected a running t6j serve, found none: start one at this address", e);
        }
        if (answer.statusCode() != 200) {
            throw new IOException(url + ": expected a running t6j serve, found status " + answer.statusCode());
        }
        described = Json.object(Json.array(json(answer.body()).get("data"), "data").getFirst(), "model");
        if (!described.containsKey("cache_bytes_per_token")) {
            throw new IOException(url + ": expected a running t6j serve, found another server");
        }
    }

    private static Map<String, Object> json(String text) {
        return Json.parseObject(text.getBytes(StandardCharsets.UTF_8), "answer");
    }

    String name() {
        return described.get("id") + " (" + described.get("attention") + ")";
    }

    long contextLength() {
        return (Long) described.get("context_length");
    }

    long cacheBytesPerToken() {
        return (Long) described.get("cache_bytes_per_token");
    }

    /** Generates {@code tokens} tokens after each of these prompts, all at once. */
    List<Streamed> stream(List<List<Long>> prompts, int tokens) throws IOException, InterruptedException {
        try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> running = new ArrayList<>();
            List<Streamed> streams = new ArrayList<>();
            for (List<Long> prompt : prompts) {
                long seed = streams.size();
                Streamed streamed = new Streamed();
                streams.add(streamed);
                running.add(clients.submit(() -> stream(prompt, tokens, seed, streamed)));
            }
            await(running);
            return streams;
        }
    }

    /** Waits for streams. @throws IOException if one has failed */
    static void await(List<Future<?>> running) throws IOException, InterruptedException {
        try {
            for (Future<?> stream : running) {
                stream.get();
            }
        } catch (ExecutionException e) {
            throw new IOException(e.getCause().getMessage(), e);
        }
    }

    /** Generates tokens after {@code prompt}; sends the request again if the server is busy. */
    Streamed stream(List<Long> prompt, int tokens, long seed, Streamed streamed)
            throws IOException, InterruptedException {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("prompt", prompt);
        body.put("max_tokens", (long) tokens);
        body.put("seed", seed);
        body.put("ignore_eos", true);
        body.put("logprobs", 0L); // makes each part of the stream list its tokens
        body.put("stream", true);
        body.put("stream_options", Map.of("include_usage", true));
        HttpRequest request = HttpRequest.newBuilder(url.resolve("/v1/completions"))
                .POST(BodyPublishers.ofString(Json.writeLine(body))).build();
        while (true) {
            HttpResponse<Stream<String>> answer = client.send(request, BodyHandlers.ofLines());
            try (Stream<String> lines = answer.body()) {
                if (answer.statusCode() == 200) {
                    lines.filter(line -> line.startsWith("data: {")).takeWhile(_ -> streamed.isOpen())
                            .forEach(line -> take(json(line.substring(6)), streamed));
                    return streamed;
                }
                if (answer.statusCode() != BUSY) {
                    throw new IOException(url + ": expected a stream, found " + String.join(" ", lines.toList()));
                }
            }
            streamed.refused();
            Thread.sleep(Duration.ofSeconds(answer.headers().firstValueAsLong("Retry-After").orElse(1)));
        }
    }

    private static void take(Map<String, Object> part, Streamed streamed) {
        if (part.containsKey("error")) {
            throw new IllegalStateException(part.toString());
        }
        if (part.get("usage") instanceof Map<?, ?> usage) {
            Map<?, ?> details = (Map<?, ?>) usage.get("prompt_tokens_details");
            streamed.cached(((Long) details.get("cached_tokens")).intValue());
        }
        for (Object choice : Json.array(part.get("choices"), "choices")) {
            if (((Map<?, ?>) choice).get("logprobs") instanceof Map<?, ?> logprobs) {
                streamed.add(((List<?>) logprobs.get("tokens")).size());
            }
        }
    }
}
