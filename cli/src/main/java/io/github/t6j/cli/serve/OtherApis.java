package io.github.t6j.cli.serve;

import java.util.Set;

/** Endpoints of other APIs that clients may expect here, and what to call instead. */
final class OtherApis {
    private static final Set<String> WITHOUT_VERSION =
            Set.of("/chat/completions", "/completions", "/embeddings", "/models");
    private static final Set<String> OF_OTHERS = Set.of("/v1/responses", "/v1/messages");

    private OtherApis() {}

    /** Returns the 404 for a path that the server lacks. */
    static ApiException notFound(String path) {
        if (path.startsWith("/api/")) { // of Ollama, whose client shows the text
            return ApiException.ofOllama(path + ": this server has OpenAI's API, not Ollama's: " + instead(path));
        }
        String message = "no such endpoint: " + path;
        if (WITHOUT_VERSION.contains(path)) {
            message += ": call /v1" + path + "; the base URL of clients ends with /v1";
        } else if (OF_OTHERS.contains(path)) {
            message += ": call /v1/chat/completions, or put a proxy that translates in front of the server";
        } else if (path.equals("/completion")) { // of llama.cpp's server
            message += ": call /v1/completions";
        }
        return ApiException.notFound(message, null);
    }

    private static String instead(String path) {
        return switch (path) {
            case "/api/chat" -> "call /v1/chat/completions";
            case "/api/generate" -> "call /v1/completions";
            case "/api/embed", "/api/embeddings" -> "call /v1/embeddings";
            case "/api/tags", "/api/ps", "/api/show" -> "call /v1/models";
            default -> "call /v1/chat/completions, /v1/completions, /v1/embeddings or /v1/models";
        };
    }
}
