package io.github.t6j.sampling;

import java.util.List;

/**
 * Ends a text that comes in pieces just before the first stop string in it. What may be the start of a stop string is
 * held back until more text decides, so the pieces given out are the same text for every way of cutting the input.
 *
 * <p>First is the stop string that is complete first; of several that end at the same character the longest.
 */
public final class StopStrings {
    private final List<String> stops;
    private final int longest;
    private final StringBuilder held = new StringBuilder();
    private boolean stopped;

    /** @throws IllegalArgumentException if one of {@code stops} is empty */
    public StopStrings(List<String> stops) {
        this.stops = List.copyOf(stops);
        if (this.stops.contains("")) {
            throw new IllegalArgumentException("stop: expected strings of one character or more, found an empty one");
        }
        this.longest = this.stops.stream().mapToInt(String::length).max().orElse(0);
    }

    /** Adds {@code text}; returns what is now known to come before any stop string: nothing once stopped. */
    public String append(String text) {
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

    /** Whether a stop string was completed. */
    public boolean stopped() {
        return stopped;
    }

    /** The text ended: returns what was held back, which is now no stop string; nothing once stopped. */
    public String finish() {
        return release(held.length());
    }

    private String release(int length) {
        String released = held.substring(0, length);
        held.delete(0, length);
        return released;
    }

    /** Where the first stop string in the held text starts, or −1. */
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

    /** Where the longest end of the held text starts that a stop string starts with; its length if there is none. */
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
