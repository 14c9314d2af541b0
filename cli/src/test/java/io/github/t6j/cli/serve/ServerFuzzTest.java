package io.github.t6j.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * Every answer is of a known kind, whatever the client sends, and the server answers the next request. The normal build
 * runs a few seeds; {@code -Dt6j.fuzz.minutes=10} sets the duration, {@code -Dt6j.fuzz.seed=N} another first seed than
 * 0.
 */
class ServerFuzzTest {
    private static final long MINUTES = Long.getLong("t6j.fuzz.minutes", 0);
    private static final long FIRST = Long.getLong("t6j.fuzz.seed", 0);
    private static final int SEEDS = 700;
    private static final int SLOW_MILLIS = 30_000;
    private static final String GOOD = "{\"prompt\": \"The whale\", \"max_tokens\": 4, \"temperature\": 0}";

    /** A first line, headers, and the start of the body. */
    private static final Pattern HEAD = Pattern.compile("HTTP/1\\.1 (\\d{3}) [^\r\n]*\r\n((?:[^\r\n]+\r\n)*)\r\n");
    private static final Pattern TYPE = Pattern.compile("(?i)content-type: ([^;\r]*)");
    private static final Pattern LENGTH = Pattern.compile("(?i)content-length: (\\d+)");
    private static final Pattern CHUNK = Pattern.compile("([0-9a-f]+)\r\n");

    private final Map<String, String> failures = new TreeMap<>();
    private final Map<Integer, Integer> statuses = new TreeMap<>();
    private int resets;

    @Test
    void everyAnswerIsOfAKnownKind() throws Exception {
        try (TestServer server = new TestServer(TestServer.limits(4, 8, 1L << 28, 64), null, null)) {
            String good = good(server);
            long end = System.nanoTime() + Duration.ofMinutes(MINUTES).toNanos();
            long seed = FIRST;
            for (; MINUTES == 0 ? seed < FIRST + SEEDS : System.nanoTime() < end; seed++) {
                run(seed, server);
                if (seed % 50 == 0) {
                    assertThat(good(server)).as("after seed " + seed).isEqualTo(good);
                }
            }
            assertThat(good(server)).isEqualTo(good);
            while (server.scheduler.metrics().running() + server.scheduler.metrics().waiting() > 0) {
                Thread.sleep(1); // of clients that disconnected
            }
            System.out.println("server fuzz: " + (seed - FIRST) + " requests, answers by status " + statuses
                    + ", connections reset " + resets);
        }
        assertThat(failures).isEmpty();
    }

    private static String good(TestServer server) throws Exception {
        return TestServer.at(TestServer.json(server.post("/v1/completions", GOOD).body()), "choices", 0, "text");
    }

    private void run(long seed, TestServer server) {
        try {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            boolean mayBeCut = send(RequestFuzz.make(seed), server, bytes);
            String answers = bytes.toString(StandardCharsets.ISO_8859_1);
            for (int at = 0; at < answers.length() && !(mayBeCut && answers.indexOf("HTTP/1.1", at + 1) < 0);) {
                at = check(answers, at);
            }
        } catch (RuntimeException | AssertionError e) {
            failures.putIfAbsent(e.toString().replaceAll("\\d+", "#"), "seed " + seed + ": " + e);
        }
    }

    /** Reads all bytes until the server closes the connection. @return true if it closed the connection in time */
    private boolean send(RequestFuzz.Sent sent, TestServer server, ByteArrayOutputStream answers) {
        try (Socket socket = new Socket(server.server.address().getAddress(), server.server.address().getPort())) {
            socket.setSoTimeout(SLOW_MILLIS);
            for (byte[] piece : sent.pieces()) {
                socket.getOutputStream().write(piece);
                Thread.sleep(sent.pauseMillis());
            }
            if (sent.leaves()) {
                return true;
            }
            socket.shutdownOutput();
            socket.getInputStream().transferTo(answers);
            return false;
        } catch (SocketTimeoutException e) {
            throw new AssertionError("expected an answer within " + SLOW_MILLIS + " ms, found none", e);
        } catch (IOException e) { // the server did not read everything
            resets++;
            return true;
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Checks the answer at {@code at}. @return start of the next answer */
    private int check(String answers, int at) {
        Matcher head = HEAD.matcher(answers).region(at, answers.length());
        if (!head.lookingAt()) {
            throw new AssertionError("expected an answer, found " + start(answers.substring(at)));
        }
        int status = Integer.parseInt(head.group(1));
        statuses.merge(status, 1, Integer::sum);
        if (status >= 500) {
            assertThat(head.group(2)).containsIgnoringCase(status == 503 ? "Retry-After: " : "text/html");
        }
        if (status == 100) {
            return head.end();
        }
        StringBuilder body = new StringBuilder();
        int end = body(answers, head, body);
        String text = new String(body.toString().getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
        Matcher type = TYPE.matcher(head.group(2));
        checkBody(status, type.find() ? type.group(1) : "", text);
        return end;
    }

    private static int body(String answers, Matcher head, StringBuilder body) {
        Matcher length = LENGTH.matcher(head.group(2));
        if (length.find()) {
            int end = Math.min(answers.length(), head.end() + Integer.parseInt(length.group(1)));
            if (answers.startsWith("HTTP/1.1 ", head.end())) { // an answer to HEAD
                return head.end();
            }
            body.append(answers, head.end(), end);
            return end;
        }
        if (head.group(1).equals("204")) {
            return head.end();
        }
        for (int at = head.end();;) {
            Matcher chunk = CHUNK.matcher(answers).region(at, answers.length());
            if (!chunk.lookingAt()) {
                throw new AssertionError("expected a chunk, found " + start(answers.substring(at)));
            }
            int size = Integer.parseInt(chunk.group(1), 16);
            body.append(answers, chunk.end(), chunk.end() + size);
            at = chunk.end() + size + 2;
            if (size == 0) {
                return at;
            }
        }
    }

    private static void checkBody(int status, String type, String body) {
        boolean known = status / 100 == 2 || status / 100 == 4 || status == 503;
        if (!known && status != 501 || body.contains("internal error") || body.contains("\tat ")) {
            throw new AssertionError("expected 2xx, 4xx or 503, found " + status + ": " + start(body));
        }
        switch (type) {
            case "application/json" -> {
                if (!body.isEmpty()) { // empty for HEAD
                    assertThat(TestServer.json(body).containsKey("error")).isEqualTo(status != 200);
                }
            }
            case "text/event-stream" ->
                List.of(body.split("\n\n")).stream().filter(event -> event.startsWith("data: {"))
                        .forEach(event -> TestServer.json(event.substring(6)));
            case "text/html" -> assertThat(body).matches("(?s)(<!DOCTYPE html>.*|<h1>(4\\d\\d|501) .*)?"); // the JDK's
            case "text/plain" -> assertThat(body).matches("(?s)(# HELP.*)?");
            default -> assertThat(body).isEmpty();
        }
    }

    private static String start(String text) {
        return text.substring(0, Math.min(200, text.length()));
    }
}
