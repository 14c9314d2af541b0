package io.github.t6j.cli.hub;

import java.io.IOException;
import java.net.Authenticator;
import java.net.InetSocketAddress;
import java.net.PasswordAuthentication;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Proxies from the environment variables of curl and Python: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, also in
 * lower case. Without a variable for a scheme, those of the JDK's properties.
 */
final class Proxies extends ProxySelector {
    private static final String ALL = "ALL_PROXY";
    private static final List<String> SCHEMES = List.of("https", "http");
    private static final int DEFAULT_PORT = 80; // of http, which is how t6j speaks to a proxy
    private static final int HTTPS_PORT = 443;

    private final Map<String, String> environment;
    private final Map<String, URI> proxies = new HashMap<>(); // by scheme

    /** @throws HubException if a variable is not the address of an HTTP proxy */
    Proxies(Map<String, String> environment) throws HubException {
        this.environment = environment;
        for (String scheme : SCHEMES) {
            String name = scheme.toUpperCase(Locale.ROOT) + "_PROXY";
            String used = value(name).isEmpty() ? ALL : name;
            if (!value(used).isEmpty()) {
                proxies.put(scheme, address(used, value(used)));
            }
        }
    }

    private String value(String name) {
        String lower = environment.getOrDefault(name.toLowerCase(Locale.ROOT), "");
        return (lower.isEmpty() ? environment.getOrDefault(name, "") : lower).strip();
    }

    private static URI address(String name, String text) throws HubException {
        try {
            URI uri = new URI(text.contains("://") ? text : "http://" + text);
            if (uri.getScheme().equalsIgnoreCase("http") && uri.getHost() != null) {
                return uri;
            }
        } catch (URISyntaxException e) {
            // reported below, without the text, which may contain a password
        }
        throw new HubException(name + ": expected the address of an HTTP proxy such as http://HOST:3128, found another"
                + " text");
    }

    @Override
    public List<Proxy> select(URI uri) {
        URI proxy = proxies.get(uri.getScheme().toLowerCase(Locale.ROOT));
        if (proxy == null) {
            return ProxySelector.getDefault().select(uri);
        }
        return isExcluded(uri)
                ? List.of(Proxy.NO_PROXY)
                : List.of(new Proxy(Proxy.Type.HTTP, new InetSocketAddress(proxy.getHost(), port(proxy))));
    }

    private static int port(URI proxy) {
        return proxy.getPort() < 0 ? DEFAULT_PORT : proxy.getPort();
    }

    /** Returns true if NO_PROXY lists the host, a domain of it, or *; an entry may have a port. */
    private boolean isExcluded(URI uri) {
        String host = withoutBrackets(uri.getHost().toLowerCase(Locale.ROOT));
        int standard = uri.getScheme().equalsIgnoreCase("https") ? HTTPS_PORT : DEFAULT_PORT;
        String port = ":" + (uri.getPort() < 0 ? standard : uri.getPort());
        for (String entry : value("NO_PROXY").toLowerCase(Locale.ROOT).split("[,\\s]+")) {
            String name = entry.replaceFirst("^\\*?\\.", "");
            boolean hasPort = name.matches("(\\[.*]|[^:]*):\\d+"); // not ::1
            String domain = withoutBrackets(hasPort ? name.substring(0, name.lastIndexOf(':')) : name);
            boolean matches = !domain.isEmpty() && (host.equals(domain) || host.endsWith("." + domain));
            if (entry.equals("*") || matches && (!hasPort || name.endsWith(port))) {
                return true;
            }
        }
        return false;
    }

    /** Returns ::1 for [::1]. */
    private static String withoutBrackets(String host) {
        return host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
    }

    /** Returns the user and password of the proxies, if an address has them. */
    Optional<Authenticator> authenticator() {
        if (proxies.values().stream().allMatch(proxy -> proxy.getRawUserInfo() == null)) {
            return Optional.empty();
        }
        return Optional.of(new Authenticator() {
            @Override
            protected PasswordAuthentication getPasswordAuthentication() {
                return getRequestorType() != RequestorType.PROXY
                        ? null
                        : proxies.values().stream()
                                .filter(proxy -> proxy.getHost().equals(getRequestingHost())
                                        && port(proxy) == getRequestingPort() && proxy.getRawUserInfo() != null)
                                .findFirst().map(Proxies::user).orElse(null);
            }
        });
    }

    private static PasswordAuthentication user(URI proxy) {
        String[] parts = proxy.getRawUserInfo().split(":", 2);
        return new PasswordAuthentication(decoded(parts[0]), decoded(parts.length < 2 ? "" : parts[1]).toCharArray());
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    @Override
    public void connectFailed(URI uri, SocketAddress address, IOException failure) {
        // the request reports it
    }
}
