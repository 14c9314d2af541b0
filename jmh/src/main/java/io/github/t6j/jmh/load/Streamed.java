package io.github.t6j.jmh.load;

import java.util.ArrayList;
import java.util.List;

/** Arrival times of the tokens of one stream. */
final class Streamed {
    private final long start = System.nanoTime();
    private final List<Double> gaps = new ArrayList<>(); // seconds before each token but the first
    private long first; // 0 before the first token
    private long last;
    private int cached;

    /** Records that {@code tokens} tokens arrived together: tokens that end no character wait for the next. */
    void add(int tokens) {
        long now = System.nanoTime();
        int counted = tokens;
        if (first == 0) {
            first = now;
            counted--;
        }
        for (int i = 0; i < counted; i++) {
            gaps.add((now - (last == 0 ? now : last)) * 1e-9 / counted);
        }
        last = now;
    }

    /** Records that {@code tokens} tokens of the prompt were in the cache. */
    void cached(int tokens) {
        cached = tokens;
    }

    int cached() {
        return cached;
    }

    long first() {
        return first;
    }

    long last() {
        return last;
    }

    /** Returns the seconds from the request to the first token. */
    double firstToken() {
        return (first - start) * 1e-9;
    }

    List<Double> gaps() {
        return gaps;
    }
}
