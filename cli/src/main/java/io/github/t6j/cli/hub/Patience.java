package io.github.t6j.cli.hub;

import java.time.Duration;

/**
 * How long to wait for a server.
 *
 * @param pause before the first new try; it doubles with each
 * @param silence after which a connection is given up
 */
public record Patience(Duration pause, Duration silence) {
    /** For a server that is far away. */
    public static final Patience USUAL = new Patience(Duration.ofSeconds(1), Duration.ofSeconds(60));
}
