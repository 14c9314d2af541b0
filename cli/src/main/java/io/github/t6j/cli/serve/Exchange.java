package io.github.t6j.cli.serve;

import com.sun.net.httpserver.HttpExchange;
import io.github.t6j.ModelFormatException;
import io.github.t6j.json.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Supplier;

/** A request and its answer. */
final class Exchange {
    /** Largest body in bytes: a prompt of a million tokens as JSON. */
    static final int LONGEST_BODY = 16 << 20;

    /** Longest time to parse and encode a body. */
    private static final Duration LONGEST_PREPARATION = Duration.ofSeconds(30);

    /** Time for a client to read the answer to a body that is not read. */
    private static final int LINGER_MILLIS = 500;

    /** Bytes of the pieces in which a body is read. */
    private static final int PIECE = 1 << 16;

    /** Maximum number of pieces of all bodies longer than a piece; parsed JSON takes a multiple of their size. */
    static final int MAX_PIECES = 2 * LONGEST_BODY / PIECE;

    static final String JSON = "application/json; charset=utf-8";

    private final HttpExchange http;
    private final Metrics metrics;
    private final Semaphore longBodies;
    private final WriteTimeout writeTimeout;
    private final Preparation preparation; // of long bodies
    private final ServerLog log;
    private final long start = System.nanoTime();
    private final String requestId;
    private int pieces; // pieces of the body, taken from longBodies
    private boolean isReadable = true; // the body has more bytes, and is valid so far
    private long tokens; // of the prompts and the answer
    private InetAddress client;
    private int status; // of the error within an answer that has begun, or 0

    /** @param longBodies permits for pieces, {@link #MAX_PIECES} for all exchanges */
    Exchange(HttpExchange http, Metrics metrics, Semaphore longBodies, Preparation preparation,
            WriteTimeout writeTimeout, ServerLog log) {
        this.preparation = preparation;
        this.log = log;
        client = http.getRemoteAddress().getAddress();
        this.http = http;
        this.metrics = metrics;
        this.longBodies = longBodies;
        this.writeTimeout = writeTimeout;
        requestId = RequestId.of(header(RequestId.HEADER));
        answerHeader(RequestId.HEADER, requestId);
    }

    /** Returns the id of the request, which its answer has, too. */
    String requestId() {
        return requestId;
    }

    /**
     * Counts the answer by the status of {@code e}, even if it began with another one. Logs errors of the server,
     * except temporary ones.
     */
    void failed(ApiException e) {
        status = e.status();
        if (status == 500) {
            log.failed(requestId + ": " + method() + " " + path(), e.getMessage(), e.getCause());
        }
    }

    /** Returns the address that the connection comes from. */
    InetAddress peer() {
        return http.getRemoteAddress().getAddress();
    }

    /** Sets the address of the client, which may be behind a proxy. */
    void client(InetAddress newClient) {
        client = newClient;
    }

    /** Returns the name of the client, among whom the scheduler divides its time. */
    String clientName() {
        return client.getHostAddress();
    }

    /** Sets the number of tokens of the prompts and the answer, for the log. */
    void tokens(long newTokens) {
        tokens = newTokens;
    }

    Metrics metrics() {
        return metrics;
    }

    /** Returns the time when the request arrived. */
    long start() {
        return start;
    }

    String method() {
        return http.getRequestMethod();
    }

    /** Returns true if the method is HEAD, which asks for GET's headers only. */
    boolean isHead() {
        return method().equals("HEAD");
    }

    String path() {
        return http.getRequestURI().getPath();
    }

    /** Returns true if the query has a parameter of that name. */
    boolean hasQuery(String name) {
        String query = http.getRequestURI().getRawQuery();
        return query != null && ("&" + query).contains("&" + name);
    }

    /** Returns the first header of that name, or null. */
    String header(String name) {
        return http.getRequestHeaders().getFirst(name);
    }

    /** Returns all headers of that name. */
    List<String> headers(String name) {
        return Objects.requireNonNullElse(http.getRequestHeaders().get(name), List.of());
    }

    boolean isHttp10() {
        return http.getProtocol().equals("HTTP/1.0");
    }

    /** Adds a header to the answer. */
    void answerHeader(String name, String value) {
        http.getResponseHeaders().set(name, value);
    }

    /** Returns true if the answer has begun, so that an error can only be written into it. */
    boolean hasBegun() {
        return http.getResponseCode() >= 0;
    }

    /** Reads the body, a JSON object, and returns what {@code prepare} makes of it. */
    <T> T prepared(Function<Fields, T> prepare) {
        byte[] body = encodedBody();
        Supplier<T> work = () -> prepare.apply(fields(body));
        try {
            return body.length < PIECE ? work.get() : preparation.run(work, LONGEST_PREPARATION);
        } catch (TimeoutException e) {
            throw ApiException.invalid(null, "body: expected one that is read within "
                    + LONGEST_PREPARATION.toSeconds() + " s, found a longer one");
        }
    }

    /** Returns the body, which must be a JSON object. */
    Fields fields() {
        return prepared(Function.identity());
    }

    private byte[] encodedBody() {
        if (!"identity".equalsIgnoreCase(Objects.requireNonNullElse(header("Content-Encoding"), "identity"))) {
            throw ApiException.encoded(header("Content-Encoding"));
        }
        return body();
    }

    private static Fields fields(byte[] body) {
        try {
            return new Fields(Json.parseObject(body, "body"));
        } catch (ModelFormatException e) {
            throw ApiException.invalid(null, e.getMessage());
        }
    }

    private byte[] body() {
        try {
            return readBody();
        } catch (ApiException e) { // a refused client may continue to send, but must not delay others
            release();
            throw e;
        }
    }

    private byte[] readBody() {
        if (isTooLong()) {
            throw ApiException.tooLarge(LONGEST_BODY);
        }
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        try {
            while (true) {
                byte[] piece = http.getRequestBody().readNBytes(PIECE);
                body.writeBytes(piece);
                if (body.size() > LONGEST_BODY) {
                    throw ApiException.tooLarge(LONGEST_BODY);
                }
                if (piece.length < PIECE) {
                    return body.toByteArray();
                }
                if (!longBodies.tryAcquire()) {
                    throw ApiException.busy("body: too many long bodies at once: try again later");
                }
                pieces++;
            }
        } catch (IOException | IndexOutOfBoundsException e) { // a disconnected client, or invalid chunks
            isReadable = false;
            answerHeader("Connection", "close");
            throw ApiException.invalid(null, "body: cannot be read: " + e.getMessage());
        }
    }

    /** Returns true if the header says that the body is too long. */
    private boolean isTooLong() {
        String length = header("Content-Length");
        return length != null && (length.length() > 9 || Integer.parseInt(length) > LONGEST_BODY); // the JDK checks it
    }

    /**
     * Reads the rest of the body, or much of it: a client that is still sending does not read an answer. A body that is
     * too long is not read: the answer comes first, and the connection ends.
     */
    void skipRest() {
        if (isTooLong()) {
            answerHeader("Connection", "close");
            return;
        }
        byte[] piece = new byte[PIECE];
        try {
            for (int skipped = 0; skipped < LONGEST_BODY && isReadable; skipped += PIECE) {
                isReadable = http.getRequestBody().readNBytes(piece, 0, PIECE) == PIECE;
            }
        } catch (IOException | IndexOutOfBoundsException e) {
            isReadable = false;
        }
    }

    /** Reads what a refused client sends for a moment, since it would lose the answer if the connection ended. */
    void linger() {
        byte[] piece = new byte[PIECE];
        try {
            for (int i = 0; i < LINGER_MILLIS / 10 && isReadable; i++) {
                while (http.getRequestBody().available() > 0) {
                    http.getRequestBody().read(piece);
                }
                Thread.sleep(10);
            }
        } catch (IOException | InterruptedException e) {
            isReadable = false;
        }
    }

    void json(int status, Map<String, Object> value) throws IOException {
        text(status, JSON, Json.writeLine(value));
    }

    void text(int status, String type, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        answerHeader("Content-Type", type);
        if (isHead()) {
            answerHeader("Content-Length", Integer.toString(bytes.length));
            http.sendResponseHeaders(status, -1);
            return;
        }
        http.sendResponseHeaders(status, bytes.length);
        writeTimeout.write(bytes, http.getResponseBody()); // before the JDK reads the rest of the request
    }

    void empty(int status) throws IOException {
        http.sendResponseHeaders(status, -1);
    }

    /** Begins an answer of unknown length. */
    void begin(boolean stream) throws IOException {
        answerHeader("Content-Type", stream ? "text/event-stream; charset=utf-8" : JSON);
        answerHeader("Cache-Control", "no-cache");
        http.sendResponseHeaders(200, 0);
    }

    /** Writes the next part of the answer immediately. */
    void write(String part) throws IOException {
        writeTimeout.write(part.getBytes(StandardCharsets.UTF_8), http.getResponseBody());
    }

    private void release() {
        longBodies.release(pieces);
        pieces = 0;
    }

    void close() {
        release();
        if (hasBegun()) {
            int answered = status == 0 ? http.getResponseCode() : status;
            metrics.answered(answered);
            log.answered(client.getHostAddress(), method(), path(), answered, tokens, System.nanoTime() - start,
                    requestId);
            if (method().equals("POST")) {
                metrics.requests.add(System.nanoTime() - start);
            }
        }
        http.close();
    }
}
