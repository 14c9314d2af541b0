package io.github.t6j.jmh.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Crossing of two curves of time over context: the measured points around it, and an estimate from straight lines in
 * the plot's logarithms.
 */
final class Crossover {
    private Crossover() {}

    /** Adds a row for TPA and each other attention of the group: setting, other, verdict, contexts, ratio of times. */
    static void rows(Group group, Table table) {
        TreeMap<Integer, Result> tpa = group.series().get("tpa");
        if (tpa == null) {
            return;
        }
        group.series().forEach((attention, other) -> {
            TreeMap<Integer, Double> ratios = ratios(tpa, other);
            if (!attention.equals("tpa") && !ratios.isEmpty()) {
                String name = Labels.attention(attention);
                table.add(group.setting().text(), name, verdict(name, ratios, tpa, other),
                        range(ratios.firstKey().toString(), ratios.lastKey().toString()),
                        range(
                                Numbers.factor(ratios.firstEntry().getValue()),
                                Numbers.factor(ratios.lastEntry().getValue())));
            }
        });
    }

    /** Returns the other's time divided by TPA's, by context. */
    private static TreeMap<Integer, Double> ratios(TreeMap<Integer, Result> tpa, TreeMap<Integer, Result> other) {
        TreeMap<Integer, Double> ratios = new TreeMap<>();
        tpa.forEach((context, result) -> {
            if (other.containsKey(context)) {
                ratios.put(context, other.get(context).seconds().mean() / result.seconds().mean());
            }
        });
        return ratios;
    }

    private static String range(String first, String last) {
        return first.equals(last) ? first : first + " … " + last;
    }

    /** Returns the verdict; contexts at which the errors overlap do not count. */
    private static String verdict(
            String name, TreeMap<Integer, Double> ratios, TreeMap<Integer, Result> tpa,
            TreeMap<Integer, Result> other) {
        TreeMap<Integer, Double> decided = new TreeMap<>(ratios);
        decided.keySet().removeIf(at -> tpa.get(at).seconds().overlaps(other.get(at).seconds()));
        if (decided.isEmpty()) {
            return "level within the errors";
        }
        List<String> crossings = new ArrayList<>();
        for (Map.Entry<Integer, Double> entry : decided.entrySet()) {
            Map.Entry<Integer, Double> next = decided.higherEntry(entry.getKey());
            if (next != null && (entry.getValue() < 1) != (next.getValue() < 1)) {
                long about = Math.round(lastCrossing(ratios.subMap(entry.getKey(), true, next.getKey(), true)));
                crossings.add(faster(name, next.getValue()) + " from about " + about + " tokens on");
            }
        }
        if (!crossings.isEmpty()) {
            return String.join(", ", crossings);
        }
        String more = decided.size() < ratios.size() ? ", level in part" : decided.size() > 1 ? " throughout" : "";
        return faster(name, decided.lastEntry().getValue()) + more;
    }

    private static String faster(String name, double ratio) {
        return (ratio > 1 ? "TPA" : name) + " is faster";
    }

    /** Returns the last crossing of the curves, whose first and last points are on different sides of 1. */
    private static double lastCrossing(NavigableMap<Integer, Double> ratios) {
        boolean above = ratios.lastEntry().getValue() >= 1;
        Map.Entry<Integer, Double> after = ratios.lastEntry();
        Map.Entry<Integer, Double> before = ratios.lowerEntry(after.getKey());
        while (before.getValue() >= 1 == above) {
            after = before;
            before = ratios.lowerEntry(after.getKey());
        }
        return crossing(before, after);
    }

    /** Returns the context where the ratio is 1, if its logarithm is linear in that of the context. */
    static double crossing(Map.Entry<Integer, Double> a, Map.Entry<Integer, Double> b) {
        double from = Math.log(a.getValue());
        double to = Math.log(b.getValue());
        double at = from / (from - to);
        return Math.exp(Math.log(a.getKey()) + at * (Math.log(b.getKey()) - Math.log(a.getKey())));
    }
}
