package io.github.t6j.cli.serve;

import io.github.t6j.json.Json;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Log of a server. Thread-safe.
 *
 * @param lines prints a line
 * @param json true for one JSON object a line, false for text
 * @param access true for a line for each answer
 */
record ServerLog(Consumer<String> lines, boolean json, boolean access) {
    private static final System.Logger LOGGER = System.getLogger("io.github.t6j.cli.serve");

    /** Returns the log of a server that reports errors only. */
    static ServerLog errors() {
        return new ServerLog(_ -> {
        }, false, false);
    }

    /** Logs a message as JSON. @param level info, warning or error */
    void message(String level, String message) {
        print(level, Map.of("message", message));
    }

    /** Logs a message and the stack trace of its cause as JSON. */
    void message(String level, String message, Throwable cause) {
        StringWriter trace = new StringWriter();
        if (cause != null) {
            cause.printStackTrace(new PrintWriter(trace));
        }
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("message", message);
        fields.put("trace", trace.toString());
        print(level, fields);
    }

    /** Logs what the server does. */
    void note(String message) {
        if (json) {
            message("info", message);
        } else {
            lines.accept(message);
        }
    }

    /** Logs a bug. @param request id, method and path of the request */
    void failed(String request, String message, Throwable cause) {
        if (json) {
            message("error", request + ": " + message, cause);
        } else {
            LOGGER.log(System.Logger.Level.ERROR, request + ": " + message, cause);
        }
    }

    /**
     * Logs an answer.
     *
     * @param client address of the client
     * @param tokens number of tokens of its prompts and its text, or 0
     */
    void answered(String client, String method, String path, int status, long tokens, long nanos, String id) {
        if (!access) {
            return;
        }
        if (!json) {
            lines.accept(client + " " + method + " " + printable(path) + " " + status + " " + tokens + " tokens "
                    + nanos / 1_000_000 + " ms " + id);
            return;
        }
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("client", client);
        fields.put("method", method);
        fields.put("path", path);
        fields.put("status", (long) status);
        fields.put("tokens", tokens);
        fields.put("ms", nanos / 1_000_000);
        fields.put("id", id);
        print("info", fields);
    }

    /** Returns a path without white space and control characters, which could forge lines. */
    private static String printable(String path) {
        return path.replaceAll("[\\s\\p{C}]", "?");
    }

    private void print(String level, Map<String, Object> fields) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("time", Instant.now().toString());
        line.put("level", level);
        line.putAll(fields);
        lines.accept(Json.writeLine(line));
    }
}
