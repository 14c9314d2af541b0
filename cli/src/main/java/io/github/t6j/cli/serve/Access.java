package io.github.t6j.cli.serve;

import java.net.InetAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
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
    /** Scheme of the key, in any case. */
    private static final String SCHEME = "Bearer ";
    private static final Set<String> LOCAL = Set.of("localhost", "127.0.0.1", "[::1]");

    /** @throws ApiException if the server must not answer this request */
    void check(Exchange exchange) {
        String host = host(exchange);
        if (address.isLoopbackAddress() && host != null && !isLocal(host)) {
            throw ApiException.forbidden("Host: expected localhost, found another name: a page of another site may have"
                    + " sent the request");
        }
        String origin = exchange.header("Origin");
        if (origin != null && !isAllowed(origin, host)) {
            throw ApiException.forbidden(
                    "Origin: expected the server's own page, found another origin: allow it with --allow-origin");
        }
    }

    /** Returns the header, which requests of HTTP/1.0 may lack; no browser sends those. */
    private String host(Exchange exchange) {
        List<String> hosts = exchange.headers("Host");
        if (hosts.size() > 1 || hosts.isEmpty() && !exchange.isHttp10()) {
            throw ApiException.invalid(null, "Host: expected one header, found " + hosts.size());
        }
        return hosts.isEmpty() ? null : hosts.getFirst();
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
        String given = Objects.requireNonNullElse(exchange.header("Authorization"), "");
        boolean same = key == null || given.regionMatches(true, 0, SCHEME, 0, SCHEME.length())
                && MessageDigest.isEqual(given.substring(SCHEME.length()).strip().getBytes(StandardCharsets.UTF_8),
                        key.getBytes(StandardCharsets.UTF_8));
        if (!same) {
            exchange.answerHeader("WWW-Authenticate", "Bearer realm=\"t6j\"");
            throw ApiException.unauthorized();
        }
    }
}
