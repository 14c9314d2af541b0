package io.github.t6j.cli.serve;

import java.util.UUID;
import java.util.regex.Pattern;

/** Id of a request, for its answer, errors and log lines: the header {@value #HEADER}, or a new one. */
final class RequestId {
    static final String HEADER = "x-request-id";

    /** Characters that mean nothing in log lines, JSON and headers. */
    private static final Pattern VALID = Pattern.compile("[A-Za-z0-9._:/+=-]{1,128}");

    private RequestId() {}

    /** Returns {@code given} if it is valid, else a new id. */
    static String of(String given) {
        return given != null && VALID.matcher(given).matches() ? given : "req-" + UUID.randomUUID();
    }
}
