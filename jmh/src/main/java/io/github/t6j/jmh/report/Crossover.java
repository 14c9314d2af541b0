package io.github.t6j.jmh.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Where two curves of time over context cross: between which measured points, and there about, by straight lines in the
 * plot's logarithms. */
final class Crossover {
    private Crossover() {}

    /** A sentence about TPA and each other attention of the group. */
    static List<String> sentences(Group group) {
        TreeMap<Integer, Result> tpa = group.series().get("tpa");
        List<String> sentences = new ArrayList<>();
        if (tpa == null) {
            return sentences;
        }
        group.series().forEach((attention, other) -> {
            if (!attention.equals("tpa")) {
                sentence(Labels.attention(attention), tpa, other, sentences);
            }
        });
        return sentences;
    }

    private static void sentence(
            String name, TreeMap<Integer, Result> tpa, TreeMap<Integer, Result> other, List<String> sentences) {
        TreeMap<Integer, Double> ratios = new TreeMap<>();
        tpa.forEach((context, result) -> {
            if (other.containsKey(context)) {
                ratios.put(context, other.get(context).seconds().mean() / result.seconds().mean());
            }
        });
        if (ratios.isEmpty()) {
            return;
        }
        List<String> crossings = new ArrayList<>();
        for (Map.Entry<Integer, Double> entry : ratios.entrySet()) {
            Map.Entry<Integer, Double> next = ratios.higherEntry(entry.getKey());
            if (next != null && (entry.getValue() < 1) != (next.getValue() < 1)) {
                crossings.add((entry.getValue() < 1 ? "TPA overtakes " + name : name + " overtakes TPA") + " at about "
                        + Math.round(crossing(entry, next)) + " tokens");
            }
        }
        int first = ratios.firstKey();
        int last = ratios.lastKey();
        boolean level = ratios.keySet().stream()
                .allMatch(context -> tpa.get(context).seconds().overlaps(other.get(context).seconds()));
        String where = first == last ? "at " + first : "from " + first + " to " + last;
        String times = String.format(Locale.ROOT, "%s of TPA's time", first == last
                ? factor(ratios.get(first)) + " ×"
                : factor(ratios.get(first)) + " to " + factor(ratios.get(last)) + " ×");
        String verdict = level
                ? "level within the errors"
                : crossings.isEmpty()
                        ? (ratios.get(last) > 1 ? "TPA is faster throughout" : name + " is faster throughout")
                        : String.join(", ", crossings);
        sentences.add(name + " takes " + times + " " + where + " tokens: " + verdict + ".");
    }

    private static String factor(double ratio) {
        return String.format(Locale.ROOT, ratio >= 10 ? "%.0f" : "%.2f", ratio);
    }

    /** Where the logarithm of the ratio is 0, it being linear in the logarithm of the context. */
    static double crossing(Map.Entry<Integer, Double> a, Map.Entry<Integer, Double> b) {
        double from = Math.log(a.getValue());
        double to = Math.log(b.getValue());
        double at = from / (from - to);
        return Math.exp(Math.log(a.getKey()) + at * (Math.log(b.getKey()) - Math.log(a.getKey())));
    }
}
