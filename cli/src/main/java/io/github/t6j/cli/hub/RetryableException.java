package io.github.t6j.cli.hub;

import java.io.IOException;
import java.time.Duration;

/** A failure that a later retry may fix. */
final class RetryableException extends IOException {
    private static final long serialVersionUID = 1;

    private final Duration pause;

    /** @param pause pause that the server asks for, or null */
    RetryableException(String message, Duration pause) {
        super(message);
        this.pause = pause;
    }

    Duration pause() {
        return pause;
    }
}
