package io.github.t6j.jmh.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Differences between two runs that exceed the noise: more than 5 %, and disjoint 95 % intervals. Limits are measured
 * at both ends of a run; the ones at the beginning are compared.
 */
final class Comparison {
    private static final double MIN_CHANGE = 0.05;

    private Comparison() {}

    /** Returns lines: each change, the largest first, then the number of changes. */
    static List<String> lines(List<Result> before, List<Result> after) {
        Map<String, Result> old = byKey(before);
        Map<String, Result> current = byKey(after);
        record Change(double factor, String text) {}
        List<Change> changes = new ArrayList<>();
        current.forEach((key, result) -> {
            if (!old.containsKey(key)) {
                return;
            }
            Measured then = old.get(key).seconds();
            Measured now = result.seconds();
            double ratio = then.mean() / now.mean();
            if (!then.overlaps(now) && Math.abs(ratio - 1) > MIN_CHANGE) {
                double factor = Math.max(ratio, 1 / ratio);
                changes.add(new Change(factor, Numbers.factor(factor) + (ratio > 1 ? " faster: " : " slower: ")
                        + result.shortKey() + ": " + then.time() + " → " + now.time()));
            }
        });
        long common = current.keySet().stream().filter(old::containsKey).count();
        List<String> lines = new ArrayList<>(
                changes.stream().sorted(Comparator.comparingDouble(Change::factor).reversed()).map(Change::text)
                        .toList());
        lines.add(changes.size() + " of " + common + " changed beyond the noise; " + (current.size() - common)
                + " are new, " + (old.size() - common) + " are missing");
        return lines;
    }

    private static Map<String, Result> byKey(List<Result> results) {
        return results.stream().collect(Collectors.toMap(Result::key, Function.identity(), (a, b) -> a, TreeMap::new));
    }
}
