package io.github.t6j.cli;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.github.t6j.json.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A server that answers like the hub: 127.0.0.1 is the hub, localhost at another port is its redirect for large files.
 * It has one repository and records requests.
 */
public final class FakeHub implements AutoCloseable {
    public static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";
    public static final String TOKEN = "hf_secret";
    /** Size from which files are large, so that their blobs are on the other server. */
    private static final int LARGE = 10_000;

    /** A request of a client. */
    public record Request(boolean hub, String method, String path, String authorization, String range, long nanos) {}

    /** Answers instead of the server, or leaves the request to it. */
    @FunctionalInterface
    public interface Fault {
        /** @return true if it answered the request */
        boolean answers(HttpExchange exchange) throws IOException;
    }

    public final Map<String, byte[]> files = new TreeMap<>();
    public final List<Request> requests = new CopyOnWriteArrayList<>();
    /** Faults, each used once, for the next request. */
    public final Queue<Fault> hubFaults = new ConcurrentLinkedQueue<>();
    final Queue<Fault> elsewhereFaults = new ConcurrentLinkedQueue<>();
    /** Keys to change in a file's entry of the listing. */
    final Map<String, Map<String, Object>> listed = new HashMap<>();
    /** X-Error-Code of responses that require a token; null if none does. */
    volatile String guarded;
    /** Name of the repository. */
    public volatile String only = "org/name";
    /** True if the ETags of small files are not their hashes, as on some mirrors. */
    volatile boolean ownTags;
    /** True if the listing has sizes and hashes. */
    public volatile boolean listsSizes = true;
    /** Bytes per second of large files. */
    public volatile int speed = Integer.MAX_VALUE;

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final HttpServer hub = server("127.0.0.1", this::hub);
    private final HttpServer elsewhere = server("localhost", this::elsewhere);

    private HttpServer server(String host, Fault handler) {
        try {
            HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getByName(host), 0), 0);
            server.setExecutor(threads);
            server.createContext("/", exchange -> {
                try (exchange) {
                    handler.answers(exchange);
                }
            });
            server.start();
            return server;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String endpoint() {
        return "http://127.0.0.1:" + hub.getAddress().getPort();
    }

    String elsewhere() {
        return "http://localhost:" + elsewhere.getAddress().getPort();
    }

    /** Returns the environment of a user whose home is {@code home}. */
    Map<String, String> environment(Path home) {
        return new HashMap<>(Map.of("HF_ENDPOINT", endpoint(), "HOME", home.toString()));
    }

    /** Adds files of a folder to the repository's {@code folder}. */
    public FakeHub with(String folder, Path from, String... names) throws IOException {
        for (String name : names) {
            files.put(folder + name, Files.readAllBytes(from.resolve(name)));
        }
        return this;
    }

    /** Returns the requested paths in the repository. */
    public List<String> asked() {
        return requests.stream().filter(request -> request.hub() && request.path().contains("/resolve/"))
                .map(request -> request.path().replaceFirst(".*/resolve/[^/]+/", "")).toList();
    }

    private void keep(HttpExchange exchange, boolean isHub) {
        requests.add(new Request(isHub, exchange.getRequestMethod(), exchange.getRequestURI().getPath(),
                exchange.getRequestHeaders().getFirst("Authorization"), exchange.getRequestHeaders().getFirst("Range"),
                System.nanoTime()));
    }

    private boolean hub(HttpExchange exchange) throws IOException {
        keep(exchange, true);
        Fault fault = hubFaults.poll();
        if (fault != null && fault.answers(exchange)) {
            return true;
        }
        String[] parts = exchange.getRequestURI().getRawPath().substring(1).split("/", 6);
        boolean api = parts[0].equals("api");
        String repository = api ? parts[2] + "/" + parts[3] : parts[0] + "/" + parts[1];
        String revision = api ? parts[5] : parts[3];
        if (!repository.equals(only)) {
            return error(exchange, 401, "RepoNotFound", "Invalid username or password.");
        }
        if (guarded != null && !("Bearer " + TOKEN).equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
            return error(exchange, 401, guarded, "Access to model " + only + " is restricted.");
        }
        if (!List.of("main", "v1", COMMIT, "refs%2Fpr%2F1").contains(revision)) {
            return error(exchange, 404, "RevisionNotFound", "Invalid rev id: " + revision);
        }
        return api ? list(exchange) : file(exchange);
    }

    private boolean list(HttpExchange exchange) throws IOException {
        List<Object> siblings = new ArrayList<>();
        files.forEach((path, bytes) -> {
            Map<String, Object> sibling = new LinkedHashMap<>(Map.of("rfilename", path));
            if (listsSizes) {
                sibling.put("size", (long) bytes.length);
                sibling.put("blobId", git(bytes));
                if (bytes.length >= LARGE) {
                    sibling.put("lfs", Map.of("sha256", sha256(bytes), "size", (long) bytes.length));
                }
            }
            sibling.putAll(listed.getOrDefault(path, Map.of()));
            siblings.add(sibling);
        });
        String json = Json.write(Map.of("id", only, "sha", COMMIT, "siblings", siblings));
        return send(exchange, 200, json.getBytes(StandardCharsets.UTF_8));
    }

    private boolean file(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getRawPath().replaceFirst("/[^/]+/[^/]+/resolve/[^/]+/", "");
        byte[] bytes = files.get(URLDecoder.decode(path.replace("+", "%2B"), StandardCharsets.UTF_8));
        if (bytes == null) {
            return error(exchange, 404, "EntryNotFound", "Entry not found");
        }
        exchange.getResponseHeaders().set("X-Repo-Commit", COMMIT);
        if (bytes.length < LARGE) {
            exchange.getResponseHeaders().set("ETag", "\"" + (ownTags ? "5f3-" + bytes.length : git(bytes)) + "\"");
            return send(exchange, 200, bytes);
        }
        exchange.getResponseHeaders().set("X-Linked-Etag", "\"" + sha256(bytes) + "\"");
        exchange.getResponseHeaders().set("X-Linked-Size", "" + bytes.length);
        exchange.getResponseHeaders().set("Location", elsewhere() + "/" + path + "?signature=1");
        return send(exchange, 302, new byte[0]);
    }

    private boolean elsewhere(HttpExchange exchange) throws IOException {
        keep(exchange, false);
        Fault fault = elsewhereFaults.poll();
        if (fault != null && fault.answers(exchange)) {
            return true;
        }
        byte[] bytes = files.get(exchange.getRequestURI().getPath().substring(1));
        exchange.getResponseHeaders().set("ETag", "\"not-the-blob\"");
        String range = exchange.getRequestHeaders().getFirst("Range");
        if (range == null) {
            return send(exchange, 200, bytes);
        }
        int from = Integer.parseInt(range.replaceAll("bytes=(\\d+)-", "$1"));
        if (from >= bytes.length) {
            return send(exchange, 416, new byte[0]);
        }
        exchange.getResponseHeaders().set("Content-Range",
                "bytes " + from + "-" + (bytes.length - 1) + "/" + bytes.length);
        return send(exchange, 206, Arrays.copyOfRange(bytes, from, bytes.length));
    }

    private boolean send(HttpExchange exchange, int status, byte[] bytes) throws IOException {
        boolean head = exchange.getRequestMethod().equals("HEAD");
        if (head && status == 200) {
            exchange.getResponseHeaders().set("Content-Length", "" + bytes.length);
        }
        exchange.sendResponseHeaders(status, head || bytes.length == 0 ? -1 : bytes.length);
        int piece = Math.clamp(speed / 20, 1, 1 << 20);
        for (int at = 0; at < bytes.length && !head; at += piece) {
            exchange.getResponseBody().write(bytes, at, Math.min(piece, bytes.length - at));
            exchange.getResponseBody().flush();
            if (speed < Integer.MAX_VALUE) {
                sleep(50);
            }
        }
        return true;
    }

    static void sleep(int millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static boolean error(HttpExchange exchange, int status, String code, String message) throws IOException {
        exchange.getResponseHeaders().set("X-Error-Code", code);
        exchange.getResponseHeaders().set("X-Error-Message", message);
        exchange.sendResponseHeaders(status, -1);
        return true;
    }

    /** Returns a fault that answers with a status and one header. */
    public static Fault status(int status, String header, String value) {
        return exchange -> {
            exchange.getResponseHeaders().set(header, value);
            exchange.sendResponseHeaders(status, -1);
            return true;
        };
    }

    /**
     * Returns a fault that breaks the connection after {@code count} bytes of the file, with its true length in the
     * header.
     */
    Fault cutAfter(int count) {
        return exchange -> {
            byte[] bytes = files.get(exchange.getRequestURI().getPath().substring(1));
            String range = exchange.getRequestHeaders().getFirst("Range");
            int from = range == null ? 0 : Integer.parseInt(range.replaceAll("bytes=(\\d+)-", "$1"));
            if (from > 0) {
                exchange.getResponseHeaders().set("Content-Range",
                        "bytes " + from + "-" + (bytes.length - 1) + "/" + bytes.length);
            }
            exchange.sendResponseHeaders(from > 0 ? 206 : 200, bytes.length - from);
            exchange.getResponseBody().write(bytes, from, count);
            exchange.getResponseBody().flush();
            throw new IOException("cut");
        };
    }

    /** Returns a fault that sends other bytes, with their length. */
    static Fault bytes(byte[] bytes) {
        return exchange -> {
            exchange.sendResponseHeaders(200, bytes.length);
            exchange.getResponseBody().write(bytes);
            return true;
        };
    }

    public static String sha256(byte[] bytes) {
        return HexFormat.of().formatHex(digest("SHA-256").digest(bytes));
    }

    /** Returns the hash of {@code git hash-object}. */
    static String git(byte[] bytes) {
        MessageDigest digest = digest("SHA-1");
        digest.update(("blob " + bytes.length).getBytes(StandardCharsets.US_ASCII));
        digest.update((byte) 0);
        return HexFormat.of().formatHex(digest.digest(bytes));
    }

    private static MessageDigest digest(String algorithm) {
        try {
            return MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Ends the server of large files only. */
    void closeElsewhere() {
        elsewhere.stop(0);
    }

    @Override
    public void close() {
        hub.stop(0);
        elsewhere.stop(0);
        threads.shutdownNow();
    }
}
