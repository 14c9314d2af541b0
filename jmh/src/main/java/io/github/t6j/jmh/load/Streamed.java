package io.github.t6j.jmh.load;

import java.util.ArrayList;
import java.util.List;

/** Arrival times of the tokens of one stream, which any thread may read meanwhile. */
final class Streamed {
    private final long start = System.nanoTime();
    private final List<Long> arrivals = new ArrayList<>(); // of each token; guarded by this, like the fields below
    private int cached;
    private int refused;
    private boolean stopped;

    /**
     * Records that {@code tokens} tokens arrived together: a token that does not complete a character waits for the
     * next. Tokens count as evenly spread since the last ones.
     */
    synchronized void add(int tokens) {
        long now = System.nanoTime();
        long before = arrivals.isEmpty() ? now : arrivals.getLast();
        for (int i = 1; i <= tokens; i++) {
            arrivals.add(before + (now - before) * i / tokens);
        }
    }

    /** Records that {@code tokens} tokens of the prompt were in the cache. */
    synchronized void cached(int tokens) {
        cached = tokens;
    }

    synchronized int cached() {
        return cached;
    }

    /** Records that the server refused the request, which is sent again. */
    synchronized void refused() {
        refused++;
    }

    synchronized int refusals() {
        return refused;
    }

    /** Ends the stream at the next token. */
    synchronized void stop() {
        stopped = true;
    }

    synchronized boolean isOpen() {
        return !stopped;
    }

    synchronized int tokens() {
        return arrivals.size();
    }

    synchronized long first() {
        return arrivals.getFirst();
    }

    synchronized long last() {
        return arrivals.getLast();
    }

    /** Returns the seconds from the request to the first token. */
    double firstToken() {
        return (first() - start) * 1e-9;
    }

    /** Returns the seconds before each token but the first. */
    List<Double> gaps() {
        return gaps(0, Long.MAX_VALUE);
    }

    /** Returns the seconds before each token but the first that arrived from {@code from} to {@code end}. */
    synchronized List<Double> gaps(long from, long end) {
        List<Double> gaps = new ArrayList<>();
        for (int i = 1; i < arrivals.size(); i++) {
            if (arrivals.get(i) >= from && arrivals.get(i) <= end) {
                gaps.add((arrivals.get(i) - arrivals.get(i - 1)) * 1e-9);
            }
        }
        return gaps;
    }
}
