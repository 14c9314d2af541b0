package io.github.t6j.jmh.report;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Answer to the question which attention is fastest at a context, from decode steps in one setting. Attentions are in
 * the order of their times; all but the first have their time as a multiple of the first.
 *
 * @param fastest attention with the shortest time, and those that are as fast
 * @param time time of the fastest
 * @param others the others, with a question mark if another run may order them differently
 */
public record Advice(int context, String fastest, String time, String others) {
    /** Multiple of the shortest time up to which an attention is as fast, if the intervals overlap. */
    private static final double EQUAL = 1.05;

    /** Mark of an attention that is slower by more than {@link #EQUAL}, but whose interval overlaps the fastest's. */
    private static final String UNCERTAIN = " ?";

    /** Returns an answer for each context at which several attentions were measured. */
    static List<Advice> of(Group group) {
        return group.numbers().stream().map(context -> at(group, context)).filter(steps -> steps.steps.size() > 1)
                .map(Steps::advice).toList();
    }

    private static Steps at(Group group, int context) {
        Map<String, Result> steps = new LinkedHashMap<>();
        group.series().entrySet().stream().filter(series -> series.getValue().containsKey(context))
                .sorted(Comparator.comparingDouble(series -> series.getValue().get(context).seconds().mean()))
                .forEach(series -> steps.put(series.getKey(), series.getValue().get(context)));
        return new Steps(context, steps);
    }

    /** Steps of attentions at one context, the fastest first. */
    private record Steps(int context, Map<String, Result> steps) {
        private Result best() {
            return steps.values().iterator().next();
        }

        private Advice advice() {
            Map<Boolean, List<String>> names =
                    steps.keySet().stream().collect(Collectors.partitioningBy(this::isEqual));
            String others = names.get(false).stream().map(this::name).collect(Collectors.joining(", "));
            return new Advice(context, names.get(true).stream().map(this::name).collect(Collectors.joining(", ")),
                    best().markedTime(), others.isEmpty() ? "–" : others);
        }

        private boolean overlaps(String attention) {
            return steps.get(attention).seconds().overlaps(best().seconds());
        }

        private double multiple(String attention) {
            return steps.get(attention).seconds().mean() / best().seconds().mean();
        }

        private boolean isEqual(String attention) {
            return overlaps(attention) && multiple(attention) <= EQUAL;
        }

        /** Returns the name, and except for the fastest its multiple. */
        private String name(String attention) {
            String name = AttentionStyle.of(attention).name();
            return steps.get(attention) == best()
                    ? name
                    : name + " " + Numbers.factor(multiple(attention))
                            + (overlaps(attention) && !isEqual(attention) ? UNCERTAIN : "");
        }
    }
}
