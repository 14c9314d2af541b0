package io.github.t6j.jmh.study;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** Writes study.md. */
final class StudyTable {
    private StudyTable() {}

    /**
     * Returns the tables.
     *
     * @param tried short runs of each attention
     * @param runs long runs of each attention, one per seed
     * @param speed training speed; null leaves its column out
     */
    static String of(
            Map<String, List<StudyResult>> tried, Map<String, List<StudyResult>> runs, StudySpeed speed) {
        StringBuilder out = new StringBuilder("# Attentions of equal parameters, trained on the same tokens\n\n");
        out.append(
                "Mean over the seeds ± half the distance between the best and the worst. Loss in nats per token,"
                        + " bits per byte.\n\n");
        out.append(
                "| attention | seeds | learning rate | validation loss | perplexity | bits | test loss | perplexity | bits"
                        + " | parameters | cache, bytes per token (f32) |")
                .append(speed == null ? "\n" : " tokens/s |\n");
        out.append("|---|").append("--:|".repeat(speed == null ? 10 : 11)).append('\n');
        runs.forEach((attention, list) -> {
            StudyResult first = list.getFirst();
            out.append("| ").append(first.attention()).append(" | ").append(list.size()).append(" | ")
                    .append(first.rate()).append(" | ").append(spread(list, StudyResult::validationLoss, 4))
                    .append(" | ").append(spread(list, run -> Math.exp(run.validationLoss()), 2)).append(" | ")
                    .append(spread(list, StudyResult::validationBits, 4)).append(" | ")
                    .append(spread(list, StudyResult::testLoss, 4)).append(" | ")
                    .append(spread(list, run -> Math.exp(run.testLoss()), 2)).append(" | ")
                    .append(spread(list, StudyResult::testBits, 4)).append(" | ")
                    .append(String.format(Locale.ROOT, "%,d", first.parameters())).append(" | ")
                    .append(String.format(Locale.ROOT, "%,d", first.cacheBytes()))
                    .append(speed == null ? " |\n" : " | " + speed.of(first.preset()) + " |\n");
        });
        if (speed != null) {
            out.append('\n').append(speed.words());
        }
        out.append("\nThe learning rate is that of the lowest validation loss after a quarter of the tokens:\n\n");
        out.append("| attention | ");
        List<StudyResult> one = tried.values().iterator().next();
        one.forEach(run -> out.append(run.rate()).append(" | "));
        out.append("\n|---|").append("--:|".repeat(one.size())).append('\n');
        tried.forEach((attention, list) -> {
            out.append("| ").append(list.getFirst().attention()).append(" | ");
            list.forEach(run -> out.append(number(run.validationLoss(), 4)).append(" | "));
            out.append('\n');
        });
        return out.toString();
    }

    private static double mean(List<StudyResult> runs, ToDoubleFunction<StudyResult> value) {
        return runs.stream().mapToDouble(value).average().orElseThrow();
    }

    private static String spread(List<StudyResult> runs, ToDoubleFunction<StudyResult> value, int digits) {
        double most = runs.stream().mapToDouble(value).max().orElseThrow();
        double least = runs.stream().mapToDouble(value).min().orElseThrow();
        String mean = number(mean(runs, value), digits);
        return runs.size() == 1 || Double.isInfinite(most) ? mean : mean + " ± " + number((most - least) / 2, digits);
    }

    private static String number(double value, int digits) {
        return Double.isInfinite(value) ? "diverged" : String.format(Locale.ROOT, "%." + digits + "f", value);
    }
}
