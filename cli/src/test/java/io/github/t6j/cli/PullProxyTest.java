package io.github.t6j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** {@code t6j pull} with the proxies of the environment. */
class PullProxyTest extends PullFixture {
    private final List<String> requested = new CopyOnWriteArrayList<>();
    private final List<String> authorized = new CopyOnWriteArrayList<>();
    private ServerSocket proxy;

    /** Starts a proxy that records requests and refuses them: it asks for a password, and accepts none. */
    @BeforeEach
    void startProxy() throws IOException {
        proxy = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        Thread.ofPlatform().daemon().start(() -> {
            while (!proxy.isClosed()) {
                try (Socket client = proxy.accept()) {
                    BufferedReader lines = new BufferedReader(
                            new InputStreamReader(client.getInputStream(), StandardCharsets.US_ASCII));
                    boolean isKnown = record(lines);
                    client.getOutputStream().write(("HTTP/1.1 " + (isKnown ? "403 Forbidden" : "407 Unknown")
                            + "\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
                } catch (IOException e) {
                    // the client closed the connection
                }
            }
        });
    }

    /** Records a request. @return true if it has a password */
    private boolean record(BufferedReader lines) throws IOException {
        requested.add(lines.readLine());
        boolean isKnown = false;
        for (String line = lines.readLine(); line != null && !line.isEmpty(); line = lines.readLine()) {
            if (line.startsWith("Proxy-Authorization: ")) {
                authorized.add(line.substring(line.lastIndexOf(' ') + 1));
                isKnown = true;
            }
        }
        return isKnown;
    }

    @AfterEach
    void stopProxy() throws IOException {
        proxy.close();
    }

    private String address() {
        return "http://127.0.0.1:" + proxy.getLocalPort();
    }

    @Test
    void requestsGoToTheProxy() {
        environment.put("HTTP_PROXY", address());
        assertThat(pull("org/name").code()).isEqualTo(1);
        assertThat(requested).isNotEmpty()
                .allMatch(line -> line.startsWith("GET " + environment.get("HF_ENDPOINT") + "/api/models/org/name"));
        assertThat(hub.requests).isEmpty();
    }

    @Test
    void thePasswordInTheAddressIsSent() {
        environment.put("http_proxy", address().replace("//", "//user:p%40ss@"));
        assertThat(pull("org/name").code()).isEqualTo(1);
        assertThat(authorized).isNotEmpty()
                .allMatch(Base64.getEncoder().encodeToString("user:p@ss".getBytes())::equals);
    }

    @Test
    void exceptionsDoNot() throws IOException {
        environment.put("HTTP_PROXY", address());
        environment.put("NO_PROXY", "127.0.0.1, localhost");
        assertPulled(pull("org/name"), "config.json", WEIGHTS);
        assertThat(requested).isEmpty();
    }

    @Test
    void httpsIsTunnelled() {
        environment.put("HTTPS_PROXY", address());
        environment.put("HF_ENDPOINT", "https://hub.invalid");
        assertThat(pull("org/name").code()).isEqualTo(1);
        assertThat(requested).isNotEmpty().allMatch(line -> line.startsWith("CONNECT hub.invalid:443 "));
    }
}
