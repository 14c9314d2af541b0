package io.github.t6j.jmh.report;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;

/** The most important table: decode steps of the paper's shape, TPA first, narrow enough for a phone. */
final class MainTable {
    /** Contexts side by side. */
    private static final int CONTEXTS = 3;

    private MainTable() {}

    /** Returns the groups with such a table: the paper's shape from memory, one sequence, with MHA to compare with. */
    static List<Group> groups(List<Result> results) {
        return Group.overContext(results).stream().filter(group -> group.setting().shape().equals("paper")
                && group.setting().residency().equals("memory") && group.setting().batch() == 1
                && group.series().containsKey("mha") && group.isCurve()).toList();
    }

    /**
     * Returns a table of attentions. Its columns are the times at the shortest, a middle and the longest context, the
     * time divided by TPA's at the longest common context, and the bytes of the cache.
     */
    static Table of(Group group) {
        List<Integer> contexts = contexts(group);
        List<String> header = new ArrayList<>(List.of("attention"));
        contexts.forEach(context -> header.add(context + " tokens"));
        header.addAll(List.of("time ÷ TPA's", "cache, bytes per token"));
        Table table = new Table(header, 1, new ArrayList<>());
        TreeMap<Integer, Result> tpa = group.series().getOrDefault("tpa", new TreeMap<>());
        group.series().forEach((attention, steps) -> {
            List<String> row = new ArrayList<>(List.of(Labels.attention(attention)));
            contexts.forEach(context -> row.add(
                    steps.containsKey(context) ? steps.get(context).seconds().time() : "–"));
            row.add(steps.descendingKeySet().stream().filter(tpa::containsKey).findFirst().map(context -> Numbers
                    .factor(steps.get(context).seconds().mean() / tpa.get(context).seconds().mean())).orElse("–"));
            row.add(Numbers.whole(steps.firstEntry().getValue().counter("cacheBytesPerToken").mean()));
            table.add(row.toArray(String[]::new));
        });
        return table;
    }

    private static List<Integer> contexts(Group group) {
        TreeSet<Integer> all = new TreeSet<>();
        group.series().values().forEach(steps -> all.addAll(steps.keySet()));
        List<Integer> ordered = List.copyOf(all);
        return ordered.size() <= CONTEXTS
                ? ordered
                : List.of(ordered.getFirst(), ordered.get(ordered.size() / 2), ordered.getLast());
    }
}
