package io.github.t6j.cli.hub;

import java.time.Duration;

/**
 * Waiting times for a server.
 *
 * @param pause pause before the first retry; it doubles with each retry
 * @param silence time without any byte after which a connection is closed
 */
public record Timeouts(Duration pause, Duration silence) {
    /** Waiting times for a distant server. */
    public static final Timeouts DEFAULT = new Timeouts(Duration.ofSeconds(1), Duration.ofSeconds(60));
}
