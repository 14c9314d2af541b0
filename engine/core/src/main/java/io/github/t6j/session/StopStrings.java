package io.github.t6j.session;

import java.util.List;
import java.util.Objects;

/**
 * Ends a text that arrives in pieces just before its first stop string. Text that may be the start of a stop string is
 * buffered until later text decides, so the returned pieces join to the same text however the input is cut.
 *
 * <p>The first stop string is the one that ends first; of several that end at the same character, it is the longest.
 */
public final class StopStrings {
    private final List<String> stops;
    private final int longest;
    private final StringBuilder held = new StringBuilder();
    private boolean stopped;

    /**
     * Creates a filter that ends a text at any of {@code stops}.
     *
     * @throws IllegalArgumentException if a stop string is empty
     */
    public StopStrings(List<String> stops) {
        this.stops = List.copyOf(Objects.requireNonNull(stops, "stops"));
        if (this.stops.contains("")) {
            throw new IllegalArgumentException("stop: expected strings of one character or more, found an empty one");
        }
        this.longest = this.stops.stream().mapToInt(String::length).max().orElse(0);
    }

    /** Adds {@code text} and returns the text now known to precede any stop string; empty once stopped. */
    public String append(String text) {
        Objects.requireNonNull(text, "text");
        if (stopped) {
            return "";
        }
        held.append(text);
        int stop = firstStop();
        if (stop < 0) {
            return release(openStart());
        }
        stopped = true;
        held.setLength(stop);
        return finish();
    }

    /** Returns true if a stop string was found. */
    public boolean stopped() {
        return stopped;
    }

    /** Ends the text and returns the buffered rest, which contains no stop string; empty once stopped. */
    public String finish() {
        return release(held.length());
    }

    private String release(int length) {
        String released = held.substring(0, length);
        held.delete(0, length);
        return released;
    }

    /** Returns the index at which the first stop string in the buffer starts, or −1. */
    private int firstStop() {
        int first = -1;
        int firstEnd = Integer.MAX_VALUE;
        for (String stop : stops) {
            int start = held.indexOf(stop);
            int end = start + stop.length();
            if (start >= 0 && (end < firstEnd || end == firstEnd && start < first)) {
                first = start;
                firstEnd = end;
            }
        }
        return first;
    }

    /**
     * Returns the start of the longest suffix of the buffer that is a prefix of a stop string, or the buffer's length.
     */
    private int openStart() {
        for (int start = Math.max(0, held.length() - longest + 1); start < held.length(); start++) {
            String end = held.substring(start);
            if (stops.stream().anyMatch(stop -> stop.startsWith(end))) {
                return start;
            }
        }
        return held.length();
    }
}
