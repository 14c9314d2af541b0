package io.github.t6j.cli.serve;

import java.net.InetAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Locale;
import java.util.Set;

/**
 * Access control. A browser sends the requests of any page that its user visits, so the server refuses other origins
 * and, if it serves only this machine, other host names.
 *
 * @param key key that every request must have, or null
 * @param allowedOrigin origin whose pages may send requests, {@code *} for all; or null for this server's own page only
 * @param address address that the server listens on
 */
record Access(String key, String allowedOrigin, InetAddress address) {
    private static final Set<String> LOCAL = Set.of("localhost", "127.0.0.1", "[::1]");

    /** @throws ApiException if the server must not answer this request */
    void check(Exchange exchange) {
        String host = exchange.header("Host");
        if (address.isLoopbackAddress() && (host == null || !isLocal(host))) {
            throw ApiException.forbidden("Host: expected localhost, found another name: a page of another site may have"
                    + " sent the request");
        }
        String origin = exchange.header("Origin");
        if (origin != null && !isAllowed(origin, host)) {
            throw ApiException.forbidden(
                    "Origin: expected the server's own page, found another origin: allow it with --allow-origin");
        }
    }

    private boolean isLocal(String host) {
        String name = host.replaceFirst(":\\d*$", "").toLowerCase(Locale.ROOT);
        return LOCAL.contains(name) || name.equals(address.getHostAddress());
    }

    private boolean isAllowed(String origin, String host) {
        return "*".equals(allowedOrigin) || origin.equals(allowedOrigin) || isOwn(origin, host);
    }

    private static boolean isOwn(String origin, String host) {
        try {
            return URI.create(origin).getRawAuthority() != null && URI.create(origin).getRawAuthority().equals(host);
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** Lets pages of the allowed origin read the answer. */
    void addHeaders(Exchange exchange) {
        String origin = exchange.header("Origin");
        if (allowedOrigin != null && origin != null) {
            exchange.answerHeader("Access-Control-Allow-Origin", allowedOrigin);
            String asked = exchange.header("Access-Control-Request-Headers"); // clients add their own headers
            exchange.answerHeader("Access-Control-Allow-Headers",
                    asked == null ? "Authorization, Content-Type, " + RequestId.HEADER : asked);
            exchange.answerHeader("Access-Control-Expose-Headers", "Retry-After, " + RequestId.HEADER);
            exchange.answerHeader("Access-Control-Allow-Methods", "GET, POST, OPTIONS");
            exchange.answerHeader("Vary", "Origin");
        }
    }

    /** @throws ApiException if the server requires a key that the request does not have */
    void checkKey(Exchange exchange) {
        String given = exchange.header("Authorization");
        String expected = "Bearer " + key;
        boolean same = key == null || given != null && MessageDigest.isEqual(
                given.getBytes(StandardCharsets.UTF_8), expected.getBytes(StandardCharsets.UTF_8));
        if (!same) {
            throw ApiException.unauthorized();
        }
    }
}
