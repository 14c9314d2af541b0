package io.github.t6j.cli.serve;

import java.time.Duration;
import java.util.Optional;

/**
 * Time limits that a request carries.
 *
 * @param request longest time of the request, including its time in the queue, or null
 * @param generation longest time from the first token to the last, or null
 */
record TimeLimit(Duration request, Duration generation) {
    /** Name of the whole request's limit, in seconds. */
    private static final String REQUEST = "timeout";

    /** llama.cpp's name of the limit that runs from the first token, in milliseconds. */
    private static final String GENERATION = "t_max_predict_ms";

    static final int LONGEST_SECONDS = 24 * 3600;

    /** Returns the limits in {@code fields}. */
    static TimeLimit of(Fields fields) {
        Float seconds = fields.number(REQUEST, 0, LONGEST_SECONDS);
        if (seconds != null && seconds == 0) {
            throw fields.wrong(REQUEST, "a number of seconds above 0");
        }
        int millis = fields.whole(GENERATION, -1, Integer.MAX_VALUE, 0);
        return new TimeLimit(seconds == null ? null : Duration.ofNanos((long) Math.ceil(seconds * 1e9)),
                millis <= 0 ? null : Duration.ofMillis(millis));
    }

    /** Returns the name of the whole-request limit that ends first. @param server the server's, or none */
    String named(Optional<Duration> server) {
        return request != null && server.filter(longest -> longest.compareTo(request) < 0).isEmpty()
                ? "the request's time limit (" + REQUEST + ")"
                : "the server's time limit for a request (--timeout)";
    }
}
