package io.github.t6j.cli.serve;

import io.github.t6j.schedule.RefusedException;
import java.util.LinkedHashMap;
import java.util.Map;

/** A request answered with an error, in OpenAI's format. */
final class ApiException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int status;
    private final String type; // null in Ollama's API
    private final String param; // name of the wrong field, or null
    private final String code; // OpenAI's error code, or null

    private ApiException(int status, String type, String param, String code, String message) {
        super(message);
        this.status = status;
        this.type = type;
        this.param = param;
        this.code = code;
    }

    /** Returns a 400: the value of {@code param} is wrong. */
    static ApiException invalid(String param, String message) {
        return new ApiException(400, "invalid_request_error", param, null, message);
    }

    /** Returns a 400: {@code param} would change the answer, and is not supported. */
    static ApiException unsupported(String param) {
        return new ApiException(400, "invalid_request_error", param, "unsupported_parameter",
                param + ": not supported by t6j; remove it from the request");
    }

    /** Returns a 400: {@code param} has more tokens than the context. */
    static ApiException tooLong(String param, int max, int found) {
        return tooLong(param, max, Integer.toString(found));
    }

    /** Returns a 400: {@code param} has more tokens than the context; they were not all counted. */
    static ApiException tooLong(String param, int max) {
        return tooLong(param, max, "more");
    }

    private static ApiException tooLong(String param, int max, String found) {
        return new ApiException(400, "invalid_request_error", param, "context_length_exceeded",
                param + ": expected at most " + max + " tokens, the context, found " + found);
    }

    static ApiException unauthorized() {
        return new ApiException(401, "invalid_request_error", null, "invalid_api_key",
                "Authorization: expected \"Bearer \" followed by the server's key, found another value or none");
    }

    static ApiException forbidden(String message) {
        return new ApiException(403, "invalid_request_error", null, "forbidden", message);
    }

    static ApiException notFound(String message, String code) {
        return new ApiException(404, "invalid_request_error", code == null ? null : "model", code, message);
    }

    /** Returns a 404 for a client of Ollama's API, which shows {@code error} to people. */
    static ApiException ofOllama(String message) {
        return new ApiException(404, null, null, null, message);
    }

    static ApiException notAllowed(String method, String path, String expected) {
        return new ApiException(405, "invalid_request_error", null, null,
                path + ": expected " + expected + ", found " + method);
    }

    static ApiException tooLarge(int max) {
        return new ApiException(413, "invalid_request_error", null, "request_too_large",
                "body: expected at most " + max + " bytes, found more");
    }

    static ApiException encoded(String encoding) {
        return new ApiException(415, "invalid_request_error", null, null,
                "Content-Encoding: expected none, found \"" + encoding + "\": send the body without compression");
    }

    static ApiException busy(String message) {
        return new ApiException(429, "rate_limit_error", null, "queue_full", message);
    }

    /** Returns the answer to a request that the scheduler refuses. @param param field that may make it too large */
    static ApiException refused(RefusedException e, String param) {
        return switch (e.reason()) {
            case QUEUE_FULL -> busy(e.getMessage());
            case TOO_LARGE -> invalid(param, param + ": " + e.getMessage());
            case CLOSED -> stopping();
        };
    }

    static ApiException failed(String message) {
        return new ApiException(500, "server_error", null, null, message);
    }

    /** Returns a 500 for an internal error; its stack trace is in the log. */
    static ApiException failed(RuntimeException fault) {
        ApiException failed = failed("internal error: " + fault);
        failed.initCause(fault);
        return failed;
    }

    static ApiException unavailable(String message) {
        return new ApiException(503, "server_error", null, "unavailable", message);
    }

    /** Returns a 503: the server finishes its running requests, then exits. */
    static ApiException draining(int left) {
        return new ApiException(503, "server_error", null, "draining", "draining: the server is stopping; " + left
                + (left == 1 ? " request is" : " requests are") + " left");
    }

    /** Returns a 503: the server stops before the request has a result. */
    static ApiException stopping() {
        return new ApiException(503, "server_error", null, "draining", "draining: the server is stopping");
    }

    /** Returns a 503: the server answers requests, but is not yet fast. */
    static ApiException warming() {
        return new ApiException(503, "server_error", null, "warming", "warming: the model is being warmed up");
    }

    int status() {
        return status;
    }

    /** Returns true if the same request may succeed a little later. */
    boolean isPassing() {
        return status == 429 || status == 503;
    }

    /** Returns {@code {"error": {…}}}; for Ollama's API, {@code {"error": "…"}}. */
    Map<String, Object> json(String requestId) {
        if (type == null) {
            return Map.of("error", getMessage());
        }
        Map<String, Object> error = new LinkedHashMap<>();
        error.put("message", getMessage());
        error.put("type", type);
        error.put("param", param);
        error.put("code", code);
        error.put("request_id", requestId);
        return Map.of("error", error);
    }
}
