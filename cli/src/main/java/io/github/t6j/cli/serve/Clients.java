package io.github.t6j.cli.serve;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Addresses of clients, and the number of requests that each has in progress. Thread-safe. */
final class Clients {
    private static final String FORWARDED = "X-Forwarded-For";

    private final Set<InetAddress> proxies;
    private final int most;
    private final Map<InetAddress, Integer> running = new ConcurrentHashMap<>();

    /**
     * @param proxies addresses whose header X-Forwarded-For is believed
     * @param most maximum number of requests of an address at once
     */
    Clients(Set<InetAddress> proxies, int most) {
        this.proxies = Set.copyOf(proxies);
        this.most = most;
    }

    /**
     * Returns the address of the client: the last one that a trusted proxy received a connection from. The client may
     * have written the ones before itself.
     */
    InetAddress of(InetAddress peer, List<String> forwarded) {
        List<String> hops = new ArrayList<>();
        forwarded.forEach(line -> hops.addAll(List.of(line.split(","))));
        InetAddress client = peer;
        for (String hop : hops.reversed()) {
            InetAddress before = proxies.contains(client) ? literal(hop.strip()) : null;
            if (before == null) {
                return client;
            }
            client = before;
        }
        return client;
    }

    /** Returns the address of the client of {@code exchange}. */
    InetAddress of(Exchange exchange) {
        return of(exchange.peer(), exchange.headers(FORWARDED));
    }

    /** Returns the address that {@code text} is, or null; never asks for a name. */
    static InetAddress literal(String text) {
        try {
            return InetAddress.ofLiteral(text);
        } catch (IllegalArgumentException notAnAddress) {
            return null;
        }
    }

    /** Counts a request. @throws ApiException if its client has too many */
    void enter(InetAddress client) {
        if (running.merge(client, 1, Integer::sum) > most) {
            throw ApiException.busy(
                    "client: expected at most " + most + " requests of one address at once: try again later");
        }
    }

    /** Ends a request that {@link #enter} counted or refused. */
    void leave(InetAddress client) {
        running.computeIfPresent(client, (_, count) -> count == 1 ? null : count - 1);
    }
}
