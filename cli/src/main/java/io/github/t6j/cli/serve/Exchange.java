package io.github.t6j.cli.serve;

import com.sun.net.httpserver.HttpExchange;
import io.github.t6j.ModelFormatException;
import io.github.t6j.json.Json;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** A request and its answer. */
final class Exchange {
    /** Bytes of the longest body: a prompt of a million tokens, as JSON. */
    static final int LONGEST_BODY = 16 << 20;

    private static final String JSON = "application/json; charset=utf-8";

    private final HttpExchange http;
    private final Metrics metrics;
    private final long start = System.nanoTime();

    Exchange(HttpExchange http, Metrics metrics) {
        this.http = http;
        this.metrics = metrics;
    }

    Metrics metrics() {
        return metrics;
    }

    /** When it came. */
    long start() {
        return start;
    }

    String method() {
        return http.getRequestMethod();
    }

    String path() {
        return http.getRequestURI().getPath();
    }

    /** The first header of that name, or null. */
    String header(String name) {
        return http.getRequestHeaders().getFirst(name);
    }

    /** Adds a header to the answer. */
    void answerHeader(String name, String value) {
        http.getResponseHeaders().set(name, value);
    }

    /** Whether the answer has begun, and an error can only be written into it. */
    boolean hasBegun() {
        return http.getResponseCode() >= 0;
    }

    /** The body, which must be a JSON object. */
    Fields fields() throws IOException {
        byte[] body = http.getRequestBody().readNBytes(LONGEST_BODY + 1);
        if (body.length > LONGEST_BODY) {
            throw ApiException.tooLarge(LONGEST_BODY);
        }
        try {
            return new Fields(Json.parseObject(body, "body"));
        } catch (ModelFormatException e) {
            throw ApiException.invalid(null, e.getMessage());
        }
    }

    void json(int status, Map<String, Object> value) throws IOException {
        text(status, JSON, Json.writeLine(value));
    }

    void text(int status, String type, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        answerHeader("Content-Type", type);
        http.sendResponseHeaders(status, bytes.length);
        http.getResponseBody().write(bytes);
    }

    void empty(int status) throws IOException {
        http.sendResponseHeaders(status, -1);
    }

    /** Begins an answer of unknown length. @return where it is written; each write goes to the client at once */
    OutputStream begin(boolean stream) throws IOException {
        answerHeader("Content-Type", stream ? "text/event-stream; charset=utf-8" : JSON);
        answerHeader("Cache-Control", "no-cache");
        http.sendResponseHeaders(200, 0);
        return http.getResponseBody();
    }

    void close() {
        metrics.answered(http.getResponseCode(), System.nanoTime() - start);
        http.close();
    }
}
