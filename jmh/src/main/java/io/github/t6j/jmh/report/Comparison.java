package io.github.t6j.jmh.report;

import io.github.t6j.jmh.Machine;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Differences between two runs: times that differ beyond the noise, which is more than 5 %, and disjoint 95 %
 * intervals; and outputs that differ, with the kernels if these differ, too. Limits are measured at both ends of a run;
 * the ones at the beginning are compared.
 */
final class Comparison {
    private static final double MIN_CHANGE = 0.05;

    private Comparison() {}

    /** Returns a line about a run: times of two machines, or of memory of another speed, differ without a change. */
    static String run(String when, Machine machine, List<Result> results) {
        Limits limits = new Limits(results, machine.thirdLevelBytes());
        return "%s: %s, %s; %s; JDK %s; reads from memory %s, multiply-adds %s".formatted(when, machine.processor(),
                Numbers.cores(machine.cores()), machine.software(), results.getFirst().jdkVersion(),
                limits.memory(machine.cores()).text("B/s"), limits.multiplyAdd(machine.cores()).text("FLOP/s"));
    }

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
                        + result.shortKey() + ": " + old.get(key).markedTime() + " → " + result.markedTime()));
            }
        });
        List<String> outputs = current.entrySet().stream()
                .filter(entry -> old.containsKey(entry.getKey()) && differ(old.get(entry.getKey()), entry.getValue()))
                .map(entry -> output(old.get(entry.getKey()), entry.getValue())).toList();
        long common = current.keySet().stream().filter(old::containsKey).count();
        List<String> lines = new ArrayList<>(
                changes.stream().sorted(Comparator.comparingDouble(Change::factor).reversed()).map(Change::text)
                        .toList());
        lines.addAll(outputs);
        lines.add(changes.size() + " of " + common + " changed beyond the noise; " + (current.size() - common)
                + " are new, " + (old.size() - common) + " are missing");
        return lines;
    }

    private static boolean differ(Result then, Result now) {
        return Stream.of(then, now).noneMatch(result -> result.outputs().equals("–"))
                && !then.outputs().equals(now.outputs());
    }

    /** Returns a line for another output; kernels of other vectors may add in another order, or be wrong. */
    private static String output(Result then, Result now) {
        String change = now.shortKey() + ": " + then.outputs() + " → " + now.outputs();
        return then.kernels().equals(now.kernels())
                ? "another output: " + change
                : "another output with other kernels: " + change + " (" + then.kernels() + " → " + now.kernels() + ")";
    }

    private static Map<String, Result> byKey(List<Result> results) {
        return results.stream().collect(Collectors.toMap(Result::key, Function.identity(), (a, b) -> a, TreeMap::new));
    }
}
