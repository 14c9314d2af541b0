package io.github.t6j.cli.serve;

import io.github.t6j.json.Json;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Generates requests with a fault: in the JSON, its bytes, the way of sending, the headers, or the first line. */
final class RequestFuzz {
    /** A request on a connection, in pieces with pauses between them. */
    record Sent(List<byte[]> pieces, int pauseMillis, boolean leaves) {}

    /** Valid request. */
    private record Body(String path, String json) {}

    private static final List<Body> BODIES = List.of(
            new Body("/v1/completions", """
                    {"model": "t6-tiny", "prompt": "The whale", "max_tokens": 4, "temperature": 0.7, "top_p": 0.9, "top_k": 5,
                     "min_p": 0.1, "n": 2, "best_of": 2, "seed": 3, "stop": ["zz", "the"], "logprobs": 2, "echo": false,
                     "stream": false, "stream_options": {"include_usage": true}, "frequency_penalty": 0.5,
                     "presence_penalty": 0.5, "repetition_penalty": 1.1, "logit_bias": {"5": -1, "7": 2.5}, "ignore_eos": true}
                    """),
            new Body("/v1/completions", """
                    {"prompt": "A thing", "max_tokens": 12, "seed": 3, "json_schema": {"type": "object", "properties":
                      {"color": {"enum": ["red", "blue"]}, "size": {"type": "integer", "minimum": 1}}, "required": ["size"]}}
                    """),
            new Body("/v1/completions", """
                    {"prompt": "A thing", "max_tokens": 12, "grammar": "root ::= item+\\nitem ::= \\"- \\" [^\\\\n]{1,9}"}
                    """),
            new Body("/v1/chat/completions", """
                    {"messages": [{"role": "user", "content": "Weather?"},
                       {"role": "assistant", "content": null, "tool_calls": [{"id": "call00000", "type": "function",
                         "function": {"name": "now", "arguments": "{}"}}]},
                       {"role": "tool", "tool_call_id": "call00000", "content": "noon"}],
                     "tools": [{"type": "function", "function": {"name": "now", "description": "The time"}},
                       {"type": "function", "function": {"name": "weather", "strict": true, "parameters":
                         {"type": "object", "properties": {"city": {"type": "string", "maxLength": 9}},
                          "required": ["city"]}}}],
                     "tool_choice": {"type": "function", "function": {"name": "weather"}},
                     "parallel_tool_calls": false, "max_tokens": 30, "seed": 2, "stream": true}
                    """),
            new Body("/v1/chat/completions", """
                    {"messages": [{"role": "user", "content": "A thing"}], "tool_choice": "required", "max_tokens": 20,
                     "tools": [{"type": "function", "function": {"name": "f", "parameters": {"$defs": {"a": {"anyOf":
                       [{"type": "null"}, {"type": "number"}]}}, "type": "object", "properties": {"x": {"$ref": "#/$defs/a"},
                       "y": {"type": "array", "items": {"type": "string", "pattern": "^a+$"}, "maxItems": 2}}}}}]}
                    """),
            new Body("/v1/chat/completions", """
                    {"messages": [{"role": "user", "content": "A thing"}], "max_tokens": 12, "seed": 2, "response_format":
                      {"type": "json_schema", "json_schema": {"name": "a", "strict": true, "schema": {"type": "object",
                        "properties": {"ok": {"type": "boolean"}}, "additionalProperties": false}}}}
                    """),
            new Body("/v1/chat/completions", """
                    {"messages": [{"role": "user", "content": "A thing"}], "max_tokens": 12, "regex": "(ab|c)+d?"}
                    """),
            new Body("/v1/chat/completions", """
                    {"messages": [{"role": "system", "content": "Be brief."},
                                  {"role": "user", "content": [{"type": "text", "text": "Call me"}]}],
                     "max_completion_tokens": 4, "stream": true, "logprobs": true, "top_logprobs": 2, "seed": 1,
                     "response_format": {"type": "text"}, "modalities": ["text"], "tools": [],
                     "chat_template_kwargs": {"enable_thinking": false}}
                    """),
            new Body("/v1/chat/completions", """
                    {"messages": [{"role": "user", "content": "Call me"}, {"role": "assistant", "content": "Ish",
                      "reasoning_content": "a"}], "continue_final_message": true, "max_tokens": 4, "seed": 1}
                    """),
            new Body("/v1/embeddings", """
                    {"model": "t6-tiny", "input": ["The whale", "Call me"], "encoding_format": "base64", "dimensions": 17,
                     "user": "someone"}
                    """),
            new Body("/tokenize", """
                    {"content": "The whale", "add_special": true, "parse_special": false}
                    """),
            new Body("/detokenize", """
                    {"tokens": [5, 6, 7, 300]}
                    """));

    private static final List<String> PATHS = List.of("/", "/health", "/metrics", "/v1/models", "/v1/models/t6-tiny",
            "/v1/completions", "/v1/chat/completions", "/v1/embeddings", "/tokenize", "/detokenize", "*", "//",
            "/%2e%2e/", "/v1/%zz",
            "http://localhost/health", "http://[/", "mailto:a", "", "/?a=b", "/\u00ff",
            "/v1/models/" + "a".repeat(9000));

    private static final List<String> METHODS =
            List.of("GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE", "CONNECT", "post", "", "P\u0000ST");

    private static final List<String> HEADERS = List.of("Expect: 100-continue", "Expect: 200-ok", "Connection: close",
            "Connection: upgrade\r\nUpgrade: h2c", "Origin: null", "Origin: http://localhost", "Origin: ::",
            "Host: evil",
            "Host:", "no colon", ": no name", " folded: a", "Content-Encoding: gzip", "Authorization: Bearer \u00ff",
            "Content-Length: 5", "Content-Length: -1", "Content-Length: 99999999999999999999", "Content-Length: x",
            "Transfer-Encoding: gzip", "Transfer-Encoding: chunked", "Content-Type: text/plain", "Nul: a\u0000b",
            "Range: bytes=0-5", "Long: " + "a".repeat(500_000), "Many: a\r\n".repeat(300) + "Last: b");

    private static final List<String> NAMES = List.of("prompt", "input", "n", "", "tools", "suffix", "a\u0000", "type",
            "items",
            "required", "properties", "enum", "anyOf", "allOf", "$ref", "pattern", "maxItems", "minLength", "format",
            "response_format", "tool_choice", "json_schema", "grammar", "regex", "guided_json", "schema");

    private static final List<String> TEXTS = List.of("", "a", "\ud800", "\u0000", "<|endoftext|>", "\ufffe\u202e",
            "t6-tiny", "user", "tool", "required", "auto", "json_object", "json_schema", "object", "#", "#/$defs/a",
            "root ::= root", "root ::= ([a-z] | \"\")* root?", "root ::= (\"a\"* | \"a\"*)* \"b\"", "(a*)*{9}",
            "^(a|b$)",
            "(?:a?){60}a{60}", "root ::= \"a\"{1,99999999}", "date-time");

    private static final List<Map<String, Object>> SCHEMAS = List.of(Map.of(), Map.of("$ref", "#"),
            Map.of("type", "object"), Map.of("type", List.of("string", "null")), Map.of("anyOf", List.of()),
            Map.of("allOf", List.of(Map.of("$ref", "#"))), Map.of("type", "string", "minLength", 100_000L),
            Map.of("type", "array", "items", Map.of("$ref", "#")), Map.of("type", "function", "function", Map.of()),
            Map.of("enum", List.of(1L, "a", 2.5)), Map.of("type", "integer", "minimum", 5L, "maximum", 4L));

    private final Random random;

    private RequestFuzz(Random random) {
        this.random = random;
    }

    static Sent make(long seed) {
        return new RequestFuzz(new Random(seed)).make();
    }

    private boolean oneIn(int n) {
        return random.nextInt(n) == 0;
    }

    private <T> T any(List<T> list) {
        return list.get(random.nextInt(list.size()));
    }

    private Sent make() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int requests = oneIn(5) ? 3 : 1; requests > 0; requests--) {
            bytes.writeBytes(request());
        }
        byte[] all = bytes.toByteArray();
        all = oneIn(8) ? changed(all) : all;
        all = oneIn(10) ? Arrays.copyOf(all, random.nextInt(all.length + 1)) : all;
        List<byte[]> pieces = new ArrayList<>();
        int max = oneIn(4) ? Math.max(1, all.length / 8) : all.length;
        for (int from = 0; from < all.length;) {
            int to = Math.min(all.length, from + 1 + random.nextInt(max));
            pieces.add(Arrays.copyOfRange(all, from, to));
            from = to;
        }
        return new Sent(pieces, max < all.length ? random.nextInt(3) : 0, oneIn(12));
    }

    private byte[] request() {
        Body valid = any(BODIES);
        String path = valid.path();
        byte[] body = json(valid.json()).getBytes(StandardCharsets.UTF_8);
        body = oneIn(3) ? changed(body) : body;
        body = oneIn(200) ? Arrays.copyOf(body, 20 << 20) : body;
        StringBuilder head = new StringBuilder();
        head.append(oneIn(10) ? any(METHODS) : "POST").append(' ').append(oneIn(8) ? any(PATHS) : path)
                .append(oneIn(30) ? "" : " HTTP/1.1").append("\r\n");
        head.append(oneIn(40) ? "" : "Host: localhost\r\n");
        while (oneIn(4)) {
            head.append(any(HEADERS)).append("\r\n");
        }
        boolean chunked = oneIn(4);
        if (chunked) {
            head.append("Transfer-Encoding: chunked\r\n");
            body = chunks(body);
        } else if (!oneIn(30)) {
            head.append("Content-Length: ").append(oneIn(20) ? random.nextInt(1000) : body.length).append("\r\n");
        }
        ByteArrayOutputStream request = new ByteArrayOutputStream();
        request.writeBytes(head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
        request.writeBytes(body);
        return request.toByteArray();
    }

    private byte[] chunks(byte[] body) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int from = 0; from < body.length;) {
            int length = Math.min(body.length - from, 1 + random.nextInt(body.length));
            String stated = oneIn(20) ? any(List.of("zz", "-1", "fffffffff", "", "0")) : Integer.toHexString(length);
            out.writeBytes((stated + (oneIn(10) ? ";a=b" : "") + "\r\n").getBytes(StandardCharsets.US_ASCII));
            out.write(body, from, length);
            out.writeBytes((oneIn(30) ? "" : "\r\n").getBytes(StandardCharsets.US_ASCII));
            from += length;
        }
        out.writeBytes((oneIn(20) ? "" : "0\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
        return out.toByteArray();
    }

    private String json(String valid) {
        Map<String, Object> json = Json.parseObject(valid.getBytes(StandardCharsets.UTF_8), "body");
        for (int changes = random.nextInt(4); changes > 0; changes--) {
            json = object(json, 0);
        }
        return Json.writeLine(json);
    }

    /** Returns the object with one change, in it or in its contents. */
    private Map<String, Object> object(Map<?, ?> json, int depth) {
        Map<String, Object> changed = new LinkedHashMap<>();
        json.forEach((name, value) -> changed.put((String) name, value));
        if (changed.isEmpty() || oneIn(20)) {
            changed.put(any(NAMES), value());
            return changed;
        }
        String name = any(List.copyOf(changed.keySet()));
        if (oneIn(8)) {
            changed.remove(name);
        } else {
            changed.put(name, changed(changed.get(name), depth));
        }
        return changed;
    }

    private Object changed(Object value, int depth) {
        if (value instanceof Map<?, ?> map && depth < 9 && !oneIn(4)) {
            return object(map, depth + 1);
        }
        if (value instanceof List<?> list && !list.isEmpty() && !oneIn(4)) {
            List<Object> changed = new ArrayList<>(list);
            int i = random.nextInt(changed.size());
            changed.set(i, changed(changed.get(i), depth + 1));
            return oneIn(10) ? new ArrayList<>(Collections.nCopies(1 + random.nextInt(300), changed.get(i))) : changed;
        }
        return value();
    }

    private Object value() {
        return switch (random.nextInt(10)) {
            case 0 -> null;
            case 1 -> random.nextBoolean();
            case 2 -> any(List.of(0L, -1L, 1L, 2L, 4096L, 1L << 31, 1L << 53, Long.MAX_VALUE, Long.MIN_VALUE));
            case 3 -> any(List.of(0.5, -0.0, 1e308, -1e308, Double.MIN_VALUE, 1.5, 1e19));
            case 4 -> any(TEXTS);
            case 5 -> "word ".repeat(random.nextInt(3000));
            case 6 -> new ArrayList<>();
            case 7 -> any(SCHEMAS);
            case 8 -> nested(random.nextInt(200));
            default -> new ArrayList<Object>(Collections.nCopies(random.nextInt(300), random.nextInt(5000) + 0L));
        };
    }

    private Object nested(int depth) {
        Object value = 1L;
        for (int i = 0; i < depth; i++) {
            value = random.nextBoolean() ? List.of(value) : Map.of("a", value);
        }
        return value;
    }

    /** Returns the bytes with some of them changed, removed or duplicated. */
    private byte[] changed(byte[] bytes) {
        byte[] changed = bytes.clone();
        for (int times = 1 + random.nextInt(4); times > 0 && changed.length > 1; times--) {
            int at = random.nextInt(changed.length);
            switch (random.nextInt(3)) {
                case 0 -> changed[at] = (byte) random.nextInt(256);
                case 1 -> {
                    int cut = Math.min(changed.length - at - 1, random.nextInt(20));
                    System.arraycopy(changed, at + cut, changed, at, changed.length - at - cut);
                    changed = Arrays.copyOf(changed, changed.length - cut);
                }
                default -> {
                    byte[] longer = Arrays.copyOf(changed, changed.length + 8);
                    System.arraycopy(changed, at, longer, Math.min(at + 8, longer.length - (changed.length - at)),
                            changed.length - at);
                    changed = longer;
                }
            }
        }
        return changed;
    }
}
