package io.github.t6j.cli.hub;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Redirect;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Requests to the hub and to its redirects. The token is sent to the hub only: not to another host, scheme or port, and
 * not to the hub after a redirect elsewhere.
 */
final class Http implements AutoCloseable {
    private static final int MAX_REDIRECTS = 10;
    private static final Duration CONNECTING = Duration.ofSeconds(10);

    /**
     * Answer of a server.
     *
     * @param hub headers of the last answer of the hub itself, before any redirect to another server
     * @param here true if the hub answered, false for another server
     */
    record Answer(int status, HttpHeaders headers, HttpHeaders hub, boolean here, URI from, Body body)
            implements
                AutoCloseable {
        /** Returns the blob's name according to the hub, or null. */
        String tag() {
            Optional<String> tag = hub.firstValue("X-Linked-Etag").or(() -> hub.firstValue("ETag"));
            return tag.map(text -> text.replaceFirst("^W/", "").replace("\"", "")).orElse(null);
        }

        @Override
        public void close() throws IOException {
            body.close();
        }
    }

    private final HttpClient client;
    private final URI endpoint;
    private final String token;
    private final Timeouts timeouts;
    private volatile boolean answered;

    /** @param token token, or null */
    Http(URI endpoint, String token, Proxies proxies, Timeouts timeouts) {
        HttpClient.Builder builder = HttpClient.newBuilder().followRedirects(Redirect.NEVER)
                .version(HttpClient.Version.HTTP_1_1) // several files at once use several connections
                .proxy(proxies).connectTimeout(CONNECTING);
        proxies.authenticator().ifPresent(builder::authenticator);
        client = builder.build();
        this.endpoint = endpoint;
        this.token = token;
        this.timeouts = timeouts;
    }

    /** Returns true if any server has answered. */
    boolean hasAnswered() {
        return answered;
    }

    boolean hasToken() {
        return token != null;
    }

    /**
     * Sends a request once, and follows redirects.
     *
     * @throws IOException if the connection fails
     */
    Answer send(String method, URI uri, Map<String, String> headers) throws IOException, InterruptedException {
        boolean here = isHub(uri);
        HttpHeaders hub = null;
        for (int redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
            HttpRequest.Builder request = HttpRequest.newBuilder(uri)
                    .method(method, HttpRequest.BodyPublishers.noBody())
                    .header("User-Agent", "t6j").header("Accept-Encoding", "identity");
            headers.forEach(request::header);
            if (token != null && here) {
                request.header("Authorization", "Bearer " + token);
            }
            HttpResponse<InputStream> response = answer(request.build());
            hub = here || hub == null ? response.headers() : hub;
            Optional<String> location = response.headers().firstValue("Location");
            if (response.statusCode() / 100 != 3 || location.isEmpty()) {
                return new Answer(response.statusCode(), response.headers(), hub, here, uri,
                        new Body(response.body(), timeouts.silence()));
            }
            response.body().close();
            URI next = redirected(uri, location.get());
            if (method.equals("HEAD") && !isHub(next)) { // the hub's own headers have all the information
                return new Answer(200, response.headers(), hub, here, uri, new Body(InputStream.nullInputStream(),
                        timeouts.silence()));
            }
            uri = next;
            here = here && isHub(uri);
        }
        throw new HubException(uri + ": expected a file, found more than " + MAX_REDIRECTS + " redirects");
    }

    private HttpResponse<InputStream> answer(HttpRequest request) throws IOException, InterruptedException {
        CompletableFuture<HttpResponse<InputStream>> answer =
                client.sendAsync(request, HttpResponse.BodyHandlers.ofInputStream());
        String server = request.uri().getScheme() + "://" + request.uri().getAuthority();
        try {
            HttpResponse<InputStream> response = answer.get(timeouts.silence().toNanos(), TimeUnit.NANOSECONDS);
            answered = true;
            return response;
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            if (cause instanceof javax.net.ssl.SSLException safe) {
                throw safe;
            }
            String reason = Unreachable.hasNoAddress(cause)
                    ? "unknown server"
                    : cause.getMessage() == null ? "no connection" : cause.getMessage();
            throw new IOException(server + ": " + reason, cause);
        } catch (TimeoutException e) {
            answer.cancel(true);
            throw new IOException(server + ": expected an answer, found none within "
                    + timeouts.silence().toSeconds() + " s");
        } catch (InterruptedException e) {
            answer.cancel(true);
            throw e;
        }
    }

    private static URI redirected(URI from, String location) throws HubException {
        URI to;
        try {
            to = from.resolve(location);
        } catch (IllegalArgumentException e) {
            throw new HubException(from + ": expected the address of a redirect, found " + location, e);
        }
        String scheme = to.getScheme().toLowerCase(Locale.ROOT);
        boolean safe = scheme.equals("https") || scheme.equals("http") && from.getScheme().equalsIgnoreCase("http");
        if (!safe || to.getHost() == null) {
            throw new HubException(from + ": expected a redirect to https, found " + to);
        }
        return to;
    }

    private boolean isHub(URI uri) {
        return uri.getScheme().equalsIgnoreCase(endpoint.getScheme()) && port(uri) == port(endpoint)
                && uri.getHost().equalsIgnoreCase(endpoint.getHost());
    }

    private static int port(URI uri) {
        return uri.getPort() >= 0 ? uri.getPort() : uri.getScheme().equalsIgnoreCase("https") ? 443 : 80;
    }

    @Override
    public void close() {
        client.shutdownNow();
    }
}
