package io.github.t6j.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.cli.CommandResult;
import io.github.t6j.cli.LaunchedProcess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code t6j serve} as a process: its start, its end, and its errors. */
@Timeout(300)
class ServeCommandTest {
    private static final Pattern URL = Pattern.compile("serving t6-mini at (https?://(\\S+):(\\d+)) \\(context");
    private static final int STREAMS = 5;
    private static final String PASSWORD = "secret";

    @TempDir
    private Path folder;

    /** A running server and its address. */
    private record Running(LaunchedProcess process, String url, int port) {
        static Running start(String... args) {
            return start(LaunchedProcess.builder(LaunchedProcess.modules(), args));
        }

        static Running start(ProcessBuilder builder) {
            LaunchedProcess process = LaunchedProcess.start(builder);
            process.awaitErr("serving ");
            process.awaitErr("B)");
            Matcher url = URL.matcher(process.err());
            assertThat(url.find()).as(process.err()).isTrue();
            return new Running(process, url.group(1), Integer.parseInt(url.group(3)));
        }

        HttpRequest.Builder request(String path) {
            return HttpRequest.newBuilder(URI.create(url + path));
        }

        /** Returns a stream of {@code tokens} tokens. */
        Iterator<String> stream(HttpClient client, int tokens) throws IOException, InterruptedException {
            String body =
                    "{\"prompt\": \"The whale\", \"ignore_eos\": true, \"stream\": true, \"max_tokens\": " + tokens
                            + ", \"stream_options\": {\"include_usage\": true}}";
            HttpResponse<Stream<String>> answer = client.send(request("/v1/completions")
                    .POST(HttpRequest.BodyPublishers.ofString(body)).build(), BodyHandlers.ofLines());
            assertThat(answer.statusCode()).isEqualTo(200);
            return answer.body().iterator();
        }
    }

    @Tag("full")
    @ParameterizedTest
    @CsvSource({"TERM, 143", "INT, 130"})
    @DisabledOnOs(OS.WINDOWS)
    void stoppingItLosesNoStream(String signal, int code) throws Exception {
        Running server = Running.start("serve", "--port", "0", "--drain", "100");
        HttpClient client = HttpClient.newHttpClient();
        List<Iterator<String>> streams = new ArrayList<>();
        for (int i = 0; i < STREAMS; i++) {
            streams.add(server.stream(client, 400));
            assertThat(first(streams.get(i))).startsWith("data: {");
        }
        server.process().signal(signal);
        for (Iterator<String> stream : streams) {
            assertThat(rest(stream)).contains("\"completion_tokens\":400", "\"finish_reason\":\"length\"")
                    .endsWith("data: [DONE]\n\n");
        }
        CommandResult ran = server.process().end();
        assertThat(ran.code()).isEqualTo(code);
        List<String> lines =
                ran.err().lines().dropWhile(line -> !line.startsWith("t6j: serving ")).skip(1).toList();
        assertThat(lines.getFirst())
                .matches("t6j: draining: \\d requests? (is|are) left, at most 100 s \\(--drain\\)");
        assertThat(lines.subList(1, lines.size())).as("nothing more, but every 10 s")
                .allMatch(line -> line.matches("t6j: draining: \\d requests? (is|are) left"));
        new ServerSocket(server.port(), 1, InetAddress.getLoopbackAddress()).close(); // the port is free
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void logLinesMayBeJson() throws Exception {
        Running server = Running.start(
                "serve", "--port", "0", "--no-warm-up", "--log", "json", "--access-log", "--trusted-proxy",
                "localhost", "-ngl", "99", "--cache-memory", "500");
        assertThat(server.process().err()).contains("caches of 500.0 MB)");
        HttpClient.newHttpClient().send(
                server.request("/health").header("X-Forwarded-For", "203.0.113.7").header("x-request-id", "a").build(),
                BodyHandlers.discarding());
        server.process().awaitErr("\"id\":\"a\"");
        server.process().signal("TERM");
        List<String> lines = server.process().end().err().lines().toList();
        assertThat(lines).allSatisfy(line -> assertThat(TestServer.json(line)).containsKeys("time", "level"))
                .anySatisfy(line -> assertThat(TestServer.json(line)).containsEntry("message",
                        "note: -ngl 99: t6j uses no GPU; all layers run on the CPU"))
                .anySatisfy(line -> assertThat(TestServer.json(line)).containsEntry("level", "info")
                        .hasEntrySatisfying("message",
                                text -> assertThat((String) text).startsWith("serving t6-mini at ")))
                .anySatisfy(line -> assertThat(TestServer.json(line)).containsEntry("client", "203.0.113.7")
                        .containsEntry("path", "/health").containsEntry("status", 200L));
    }

    /** A server that drafts gives the text of t6j generate. */
    @ParameterizedTest
    @CsvSource({"ngram:4", "model t6-mini:3"})
    void aServerSpeculates(String how) throws Exception {
        List<String> line = new ArrayList<>(List.of("serve", "--port", "0", "--no-warm-up", "--speculate"));
        line.addAll(List.of(how.split(" ")));
        Running server = Running.start(line.toArray(String[]::new));
        String body = "{\"prompt\": \"Once upon a time\", \"max_tokens\": 60, \"temperature\": 0}";
        HttpResponse<String> answer = HttpClient.newHttpClient().send(server.request("/v1/completions")
                .POST(HttpRequest.BodyPublishers.ofString(body)).build(), BodyHandlers.ofString());
        assertThat((String) TestServer.at(TestServer.json(answer.body()), "choices", 0, "text")).isEqualTo(
                CommandResult.of("generate", "Once upon a time", "-n", "60", "--temperature", "0", "--json").json()
                        .get("text"));
        server.process().kill();
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void streamsThatTakeTooLongAreEnded() throws Exception {
        Running server = Running.start("serve", "--port", "0", "--drain", "0", "--context", "100000");
        HttpClient client = HttpClient.newHttpClient();
        Iterator<String> stream = server.stream(client, 90_000);
        stream.next();
        server.process().signal("TERM");
        assertThat(rest(stream)).endsWith("data: [DONE]\n\n");
        CommandResult ran = server.process().end();
        assertThat(ran.code()).isEqualTo(143);
        assertThat(ran.err()).contains("t6j: some requests were stopped after 0 s (--drain)");
    }

    /** Returns the first line that is no sign of life. */
    private static String first(Iterator<String> lines) {
        String line = lines.next();
        while (line.isEmpty() || line.startsWith(":")) {
            line = lines.next();
        }
        return line;
    }

    private static String rest(Iterator<String> lines) {
        StringBuilder text = new StringBuilder();
        lines.forEachRemaining(line -> text.append(line).append('\n'));
        return text.toString();
    }

    @Tag("full")
    @Test
    void overTls() throws Exception {
        Path keystore = keystore();
        ProcessBuilder builder = LaunchedProcess.builder(
                LaunchedProcess.modules(), "serve", "--port", "0", "--no-warm-up", "--tls-keystore",
                keystore.toString());
        builder.environment().put("T6J_TLS_PASSWORD", PASSWORD);
        Running server = Running.start(builder);
        assertThat(server.url()).startsWith("https://127.0.0.1:");
        try (Socket socket = new Socket("127.0.0.1", server.port())) { // plain HTTP does not affect others
            socket.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.UTF_8));
            socket.shutdownOutput();
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1))
                    .doesNotContain("200");
        }
        HttpClient client = HttpClient.newBuilder().sslContext(trusting(keystore)).build();
        assertThat(client.send(server.request("/health").build(), BodyHandlers.ofString()).statusCode())
                .isEqualTo(200);
        assertThat(rest(server.stream(client, 5))).endsWith("data: [DONE]\n\n");
        server.process().kill();
    }

    /** Returns a new key with a certificate for this machine. */
    private Path keystore() throws Exception {
        Path keystore = folder.resolve("server.p12");
        keytool(keystore, "-genkeypair", "-alias", "t6j", "-keyalg", "EC", "-dname", "CN=localhost", "-ext",
                "san=dns:localhost,ip:127.0.0.1");
        return keystore;
    }

    private static void keytool(Path keystore, String... args) throws Exception {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(), "-keystore",
                        keystore.toString(), "-storetype", "PKCS12", "-storepass", PASSWORD));
        command.addAll(List.of(args));
        assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
    }

    private static SSLContext trusting(Path keystore) throws Exception {
        TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        KeyStore serverKeys = KeyStore.getInstance(keystore.toFile(), PASSWORD.toCharArray());
        KeyStore certificates = KeyStore.getInstance("PKCS12");
        certificates.load(null);
        certificates.setCertificateEntry("t6j", serverKeys.getCertificate("t6j"));
        managers.init(certificates);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, managers.getTrustManagers(), null);
        return context;
    }

    @Test
    void unusableKeystoresAreRejected() throws Exception {
        Path keystore = keystore();
        Path certificate = folder.resolve("certificate");
        keytool(keystore, "-exportcert", "-alias", "t6j", "-file", certificate.toString());
        Path noKey = folder.resolve("trusted.p12");
        keytool(noKey, "-importcert", "-noprompt", "-alias", "t6j", "-file", certificate.toString());
        Path text = Files.writeString(folder.resolve("text.p12"), "no keystore");
        String expected = ": expected a PKCS12 keystore and its password in T6J_TLS_PASSWORD: ";
        assertFails(PASSWORD, folder.resolve("none"), expected + "no such file or folder");
        assertFails(PASSWORD, text, expected);
        assertFails("wrong", keystore, expected + "keystore password was incorrect");
        assertFails(PASSWORD, noKey, ": expected a private key and its certificate, found none");
    }

    private static void assertFails(String password, Path keystore, String message) {
        CommandResult ran =
                CommandResult.in(Map.of("T6J_TLS_PASSWORD", password), null, "serve", "--port", "0", "--tls-keystore",
                        keystore.toString());
        assertThat(ran.err()).startsWith("t6j: " + keystore + message).hasLineCount(1);
        assertThat(ran.code()).isEqualTo(1);
    }

    @Test
    void aPortThatIsTaken() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            String port = Integer.toString(taken.getLocalPort());
            CommandResult ran = CommandResult.of("serve", "--port", port);
            assertThat(ran.err()).startsWith("t6j: --host 127.0.0.1 --port " + port + ": cannot listen: ")
                    .hasLineCount(1);
            assertThat(ran.code()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            1 | serve --host no-such-host.invalid | --host no-such-host.invalid --port 8080: cannot listen: no such host
            1 | serve --host 192.0.2.1 --port 0   | --host 192.0.2.1 --port 0: cannot listen: Cannot assign
            1 | serve --api-key-file none.txt     | none.txt: cannot be read: no such file or folder
            2 | serve --port 70000                | --port: expected at most 65535
            2 | serve --parallel 129              | --parallel: expected at most 128
            2 | serve --name=                     | --name: expected a name, found an empty one
            2 | serve --alias a --alias=          | --alias: expected a name or *, found an empty one
            2 | serve --speculate grams           | --speculate: expected ngram, ngram:N, model NAME
            2 | serve --drain -1                  | --drain: expected 0 or more
            """)
    void oneLineForAMistake(int code, String line, String message) {
        CommandResult ran = CommandResult.of(line.split(" "));
        assertThat(ran.err()).contains(message).hasLineCount(1);
        assertThat(ran.code()).isEqualTo(code);
    }

    @Test
    void overIpv6() throws Exception {
        try (ServerSocket there = new ServerSocket(0, 1, InetAddress.getByName("::1"))) {
            assertThat(there.isBound()).isTrue();
        } catch (IOException none) { // this machine has no IPv6
            assertThat(CommandResult.of("serve", "--host", "::1").err())
                    .contains("--host ::1 --port 8080: cannot listen");
            return;
        }
        Running server = Running.start("serve", "--host", "::1", "--port", "0");
        assertThat(server.url()).startsWith("http://[::1]:");
        HttpClient client = HttpClient.newHttpClient();
        HttpResponse<String> health = client.send(server.request("/health").build(), BodyHandlers.ofString());
        while (health.statusCode() == 503) { // for at most 10 s, see the test's timeout
            assertThat(health.body()).contains("\"code\":\"warming\"");
            Thread.sleep(20);
            health = client.send(server.request("/health").build(), BodyHandlers.ofString());
        }
        assertThat(health.statusCode()).isEqualTo(200);
        server.process().kill();
    }
}
