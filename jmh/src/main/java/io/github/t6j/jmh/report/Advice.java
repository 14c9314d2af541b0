package io.github.t6j.jmh.report;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Answer to the question which attention is fastest at a context, from decode steps in one setting.
 *
 * @param fastest attention with the shortest time, and all that are as fast within the errors, in the order of tables
 * @param time time of the fastest
 * @param others times of the others as multiples of the fastest, the nearest first
 */
public record Advice(int context, String fastest, String time, String others) {
    /** Returns an answer for each context at which several attentions were measured. */
    static List<Advice> of(Group group) {
        return group.numbers().stream().map(context -> at(group, context)).filter(steps -> steps.steps.size() > 1)
                .map(Steps::advice).toList();
    }

    private static Steps at(Group group, int context) {
        Map<String, Result> steps = new LinkedHashMap<>();
        group.series().forEach((attention, series) -> {
            if (series.containsKey(context)) {
                steps.put(attention, series.get(context));
            }
        });
        return new Steps(context, steps);
    }

    /** Steps of attentions at one context. */
    private record Steps(int context, Map<String, Result> steps) {
        private Advice advice() {
            Result best = steps.values().stream().min(Comparator.comparingDouble(step -> step.seconds().mean()))
                    .orElseThrow();
            Map<Boolean, List<String>> names = steps.keySet().stream().collect(Collectors.partitioningBy(
                    attention -> steps.get(attention).seconds().overlaps(best.seconds())));
            String others = names.get(false).stream()
                    .sorted(Comparator.comparingDouble(attention -> steps.get(attention).seconds().mean()))
                    .map(attention -> name(attention) + " "
                            + Numbers.factor(steps.get(attention).seconds().mean() / best.seconds().mean()))
                    .collect(Collectors.joining(", "));
            return new Advice(context, names.get(true).stream().map(Steps::name).collect(Collectors.joining(", ")),
                    best.markedTime(), others.isEmpty() ? "–" : others);
        }

        private static String name(String attention) {
            return AttentionStyle.of(attention).name();
        }
    }
}
