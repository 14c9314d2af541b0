package io.github.t6j.cli.serve;

import io.github.t6j.EmbeddingOptions;
import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import io.github.t6j.SessionOptions;
import io.github.t6j.chat.PromptFormat;
import io.github.t6j.chat.template.ChatTemplate;
import io.github.t6j.json.Json;
import io.github.t6j.schedule.Scheduler;
import io.github.t6j.schedule.SchedulerOptions;
import io.github.t6j.speculation.Speculation;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A server with t6-tiny on a free port, and a client of it. */
final class TestServer implements AutoCloseable {
    static final int CONTEXT = 512;

    private static final Path TESTDATA = Path.of(System.getProperty("t6j.testdata"));

    final Model model;
    final Server server;
    final Scheduler scheduler;
    final PromptFormat format;
    final GrammarCache grammars;
    private final HttpClient client = HttpClient.newHttpClient();

    static SchedulerOptions limits(int running, int queued, long cacheBytes, int context) {
        return SchedulerOptions.defaults().withMaxRunning(running).withMaxQueued(queued).withCacheBytes(cacheBytes)
                .withSession(SessionOptions.defaults().withContextLength(context));
    }

    TestServer() throws IOException {
        this(limits(16, 64, 1L << 30, CONTEXT), null, null);
    }

    TestServer(SchedulerOptions limits, String key, String allowedOrigin) throws IOException {
        this(limits, key, allowedOrigin, Duration.ofMinutes(1));
    }

    TestServer(EmbeddingOptions embeddings) throws IOException {
        this(limits(16, 64, 1L << 30, CONTEXT), null, null, Duration.ofMinutes(1), Optional.empty(), embeddings);
    }

    /** @param template chat template, or empty for plain text @param aliases further names of the model */
    TestServer(Optional<ChatTemplate> template, String... aliases) throws IOException {
        this(limits(16, 64, 1L << 30, 2 * CONTEXT), null, null, Duration.ofMinutes(1), template,
                EmbeddingOptions.defaults(), aliases);
    }

    TestServer(SchedulerOptions limits, String key, String allowedOrigin, Duration longestWrite) throws IOException {
        this(limits, key, allowedOrigin, longestWrite, Optional.empty(), EmbeddingOptions.defaults());
    }

    TestServer(Server.Options options) throws IOException {
        this(limits(16, 64, 1L << 30, CONTEXT), options);
    }

    TestServer(SchedulerOptions limits, Server.Options options) throws IOException {
        this(limits, options, Duration.ofMinutes(1), Optional.empty(), EmbeddingOptions.defaults());
    }

    private TestServer(SchedulerOptions limits, String key, String allowedOrigin, Duration longestWrite,
            Optional<ChatTemplate> template, EmbeddingOptions embeddings, String... aliases) throws IOException {
        this(limits, new Server.Options("127.0.0.1", 0, key, allowedOrigin, null), longestWrite, template, embeddings,
                aliases);
    }

    private TestServer(SchedulerOptions limits, Server.Options options, Duration longestWrite,
            Optional<ChatTemplate> template, EmbeddingOptions embeddings, String... aliases) throws IOException {
        model = Model.load(TESTDATA.resolve("models/t6-tiny"), ModelOptions.defaults().withThreads(2));
        server = new Server(options, longestWrite);
        scheduler = new Scheduler(model, limits);
        format = new PromptFormat(model.tokenizer(), template);
        ServedModel served = new ServedModel(new ModelNames("t6-tiny", List.of(aliases)), 1, model, scheduler, format,
                SessionOptions.CacheType.F32, limits.speculation().map(Speculation.class::cast).orElse(null));
        grammars = served.grammars();
        server.serve(served, embeddings);
    }

    URI uri(String path) {
        return URI.create("http://127.0.0.1:" + server.address().getPort() + path);
    }

    HttpResponse<String> get(String path, String... headers) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri(path)).GET();
        return client.send((headers.length == 0 ? request : request.headers(headers)).build(), BodyHandlers.ofString());
    }

    HttpResponse<String> post(String path, String body, String... headers) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri(path)).POST(HttpRequest.BodyPublishers.ofString(body));
        return client.send((headers.length == 0 ? request : request.headers(headers)).build(), BodyHandlers.ofString());
    }

    /** Returns the answer to a successful request. */
    Map<String, Object> ask(String path, Map<String, Object> body) throws IOException, InterruptedException {
        HttpResponse<String> answer = post(path, Json.writeLine(body));
        if (answer.statusCode() != 200) {
            throw new AssertionError(answer.statusCode() + ": " + answer.body());
        }
        return json(answer.body());
    }

    /** Returns the objects of a streamed answer without its end, which must exist. */
    List<Map<String, Object>> stream(String path, Map<String, Object> body) throws IOException, InterruptedException {
        HttpResponse<String> answer = post(path, Json.writeLine(body));
        List<Map<String, Object>> objects = new ArrayList<>();
        List<String> events = List.of(answer.body().split("\n\n"));
        if (!events.getLast().equals("data: [DONE]")) {
            throw new AssertionError(answer.statusCode() + ": " + answer.body());
        }
        for (String event : events.subList(0, events.size() - 1)) {
            if (!event.startsWith(":")) {
                objects.add(json(event.substring("data: ".length())));
            }
        }
        return objects;
    }

    static Map<String, Object> json(String text) {
        return Json.parseObject(text.getBytes(StandardCharsets.UTF_8), "answer");
    }

    /** Returns the value at {@code keys}, which are names and indices. */
    @SuppressWarnings("unchecked")
    static <T> T at(Object json, Object... keys) {
        Object value = json;
        for (Object key : keys) {
            value = key instanceof Integer index
                    ? ((List<Object>) value).get(index)
                    : ((Map<String, Object>) value).get(key);
        }
        return (T) value;
    }

    @Override
    public void close() {
        server.close();
        model.close();
    }
}
