package io.github.t6j.cli.serve;

import java.net.InetAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Locale;
import java.util.Set;

/**
 * Who may ask. A browser carries requests of any page that its user visits: those of other origins are refused, and, where
 * the server is for this machine only, those for another name of it.
 *
 * @param key that every request must carry, or null
 * @param allowedOrigin whose pages may ask, {@code *} all; or null: only this server's own
 * @param address where the server listens
 */
record Access(String key, String allowedOrigin, InetAddress address) {
    private static final Set<String> LOCAL = Set.of("localhost", "127.0.0.1", "[::1]");

    /** @throws ApiException if this request may not be answered */
    void check(Exchange exchange) {
        String host = exchange.header("Host");
        if (address.isLoopbackAddress() && (host == null || !isLocal(host))) {
            throw ApiException.forbidden("Host: expected localhost, found another name: a page of another site may have"
                    + " sent this");
        }
        String origin = exchange.header("Origin");
        if (origin != null && !isAllowed(origin, host)) {
            throw ApiException.forbidden(
                    "Origin: expected no page of another site; --allow-origin names one that may ask");
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
            exchange.answerHeader("Access-Control-Allow-Headers", "Authorization, Content-Type");
            exchange.answerHeader("Access-Control-Allow-Methods", "GET, POST, OPTIONS");
            exchange.answerHeader("Vary", "Origin");
        }
    }

    /** @throws ApiException if there is a key, and the request has not that one */
    void checkKey(Exchange exchange) {
        String given = exchange.header("Authorization");
        String expected = "Bearer " + key;
        boolean same = key == null || given != null && MessageDigest.isEqual(
                given.getBytes(StandardCharsets.UTF_8), expected.getBytes(StandardCharsets.UTF_8));
        if (!same) {
            throw ApiException.unauthorised();
        }
    }
}
