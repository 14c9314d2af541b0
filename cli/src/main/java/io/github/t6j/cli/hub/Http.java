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
 * Requests to the hub, and to where it sends us. The token goes to the hub only: not to another host, scheme or port, and
 * not back to the hub after one of these. Proxies are the JDK's.
 */
final class Http implements AutoCloseable {
    private static final int MOST_REDIRECTS = 10;
    private static final Duration CONNECTING = Duration.ofSeconds(10);

    /**
     * What a server said.
     *
     * @param hub the headers of the hub's own last answer, before it sent us elsewhere
     * @param here whether the answer is the hub's, not another server's
     */
    record Answer(int status, HttpHeaders headers, HttpHeaders hub, boolean here, URI from, Body body)
            implements
                AutoCloseable {
        /** The blob's name as the hub says it, or null. */
        String tag() {
            Optional<String> tag = hub.firstValue("X-Linked-Etag").or(() -> hub.firstValue("ETag"));
            return tag.map(text -> text.replaceFirst("^W/", "").replace("\"", "")).orElse(null);
        }

        @Override
        public void close() throws IOException {
            body.close();
        }
    }

    private final HttpClient client = HttpClient.newBuilder().followRedirects(Redirect.NEVER)
            .version(HttpClient.Version.HTTP_1_1) // several files at once are as many connections
            .connectTimeout(CONNECTING).build();
    private final URI endpoint;
    private final String token;
    private final Patience patience;

    /** @param token or null */
    Http(URI endpoint, String token, Patience patience) {
        this.endpoint = endpoint;
        this.token = token;
        this.patience = patience;
    }

    boolean hasToken() {
        return token != null;
    }

    /**
     * One try, with redirects.
     *
     * @throws IOException if there is no connection
     */
    Answer send(String method, URI uri, Map<String, String> headers) throws IOException, InterruptedException {
        boolean here = isHub(uri);
        HttpHeaders hub = null;
        for (int redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
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
                        new Body(response.body(), patience.silence()));
            }
            response.body().close();
            URI next = redirected(uri, location.get());
            if (method.equals("HEAD") && !isHub(next)) { // the hub has said what there is to know
                return new Answer(200, response.headers(), hub, here, uri, new Body(InputStream.nullInputStream(),
                        patience.silence()));
            }
            uri = next;
            here = here && isHub(uri);
        }
        throw new HubException(uri + ": expected a file, found more than " + MOST_REDIRECTS + " redirects");
    }

    private HttpResponse<InputStream> answer(HttpRequest request) throws IOException, InterruptedException {
        CompletableFuture<HttpResponse<InputStream>> answer =
                client.sendAsync(request, HttpResponse.BodyHandlers.ofInputStream());
        String server = request.uri().getScheme() + "://" + request.uri().getAuthority();
        try {
            return answer.get(patience.silence().toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            if (cause instanceof javax.net.ssl.SSLException safe) {
                throw safe;
            }
            String reason = cause.getMessage() == null ? "no connection" : cause.getMessage();
            throw new IOException(server + ": " + reason, cause);
        } catch (TimeoutException e) {
            answer.cancel(true);
            throw new IOException(server + ": no answer for " + patience.silence().toSeconds() + " s");
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
            throw new HubException(from + ": expected an address to go to, found " + location, e);
        }
        String scheme = to.getScheme().toLowerCase(Locale.ROOT);
        boolean safe = scheme.equals("https") || scheme.equals("http") && from.getScheme().equalsIgnoreCase("http");
        if (!safe || to.getHost() == null) {
            throw new HubException(from + ": expected to be sent to a safe place, found " + to);
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
