package io.github.t6j.jmh.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Differences between two runs that exceed the noise: more than 5 %, and disjoint 95 % intervals. Limits are measured
 * at both ends of a run; those of the beginning are compared.
 */
final class Comparison {
    private static final double LEAST = 0.05;

    private Comparison() {}

    /** Returns lines: each change, the largest first, then the number of changes. */
    static List<String> lines(List<Result> before, List<Result> after) {
        Map<String, Result> old = byKey(before);
        Map<String, Result> current = byKey(after);
        record Change(double ratio, String text) {}
        List<Change> changes = new ArrayList<>();
        int common = 0;
        for (Result result : current.values()) {
            Result was = old.get(result.key());
            if (was == null) {
                continue;
            }
            common++;
            Measured then = was.seconds();
            Measured now = result.seconds();
            double ratio = then.mean() / now.mean();
            if (!then.overlaps(now) && Math.abs(ratio - 1) > LEAST) {
                changes.add(new Change(ratio, Numbers.factor(ratio > 1 ? ratio : 1 / ratio)
                        + (ratio > 1 ? " faster: " : " slower: ") + Pages.shortKey(result) + ": " + then.time() + " → "
                        + now.time()));
            }
        }
        changes.sort((a, b) -> Double.compare(Math.abs(Math.log(b.ratio)), Math.abs(Math.log(a.ratio))));
        List<String> lines = new ArrayList<>(changes.stream().map(Change::text).toList());
        lines.add(changes.size() + " of " + common + " changed beyond the noise; " + (current.size() - common)
                + " are new, " + (old.size() - common) + " are missing");
        return lines;
    }

    private static Map<String, Result> byKey(List<Result> results) {
        Map<String, Result> first = new LinkedHashMap<>();
        results.forEach(result -> first.putIfAbsent(result.key(), result));
        return first;
    }
}
