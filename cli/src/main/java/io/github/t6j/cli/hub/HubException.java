package io.github.t6j.cli.hub;

import java.io.IOException;

/**
 * A failure that a retry cannot help: the hub refused or sent something wrong. The message is one line for the user.
 */
public class HubException extends IOException {
    private static final long serialVersionUID = 1;

    HubException(String message) {
        super(message);
    }

    HubException(String message, Throwable cause) {
        super(message, cause);
    }
}
