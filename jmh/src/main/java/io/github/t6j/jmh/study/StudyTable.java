package io.github.t6j.jmh.study;

import io.github.t6j.jmh.report.Plot;
import java.util.List;
import java.util.Locale;
import java.util.SortedSet;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/** Writes study.md. */
final class StudyTable {
    private StudyTable() {}

    /**
     * Returns the tables.
     *
     * @param rates learning rates of the study
     * @param seeds number of seeds of a complete attention
     * @param attentions completed runs of each attention
     * @param figure figure between the tables, or null
     * @param speed training speed; null leaves its column out
     */
    static String of(SortedSet<Double> rates, int seeds, List<StudyRuns> attentions, Plot figure, StudySpeed speed) {
        StringBuilder out = new StringBuilder("# Attentions of about equal parameters, trained on the same tokens\n\n");
        out.append("Mean over the seeds ± sample standard deviation. Loss in nats per token, bits per byte.\n\n");
        losses(out, attentions.stream().filter(StudyRuns::hasAllRates).toList(), speed);
        String missing = attentions.stream().filter(runs -> runs.seeds().size() < seeds)
                .map(runs -> runs.attention() + (runs.hasAllRates()
                        ? " (" + runs.seeds().size() + " of " + seeds + " seeds)"
                        : " (" + runs.tried().size() + " of " + rates.size() + " rates)"))
                .collect(Collectors.joining(", "));
        if (!missing.isEmpty()) {
            out.append("\nnot complete yet: ").append(missing).append('\n');
        }
        if (speed != null) {
            out.append('\n').append(speed.words());
        }
        if (figure != null) {
            out.append('\n').append(figure).append('\n');
        }
        rates(out, rates, attentions);
        return out.toString();
    }

    private static void losses(StringBuilder out, List<StudyRuns> complete, StudySpeed speed) {
        out.append(
                "| attention | seeds | learning rate | validation loss | perplexity | bits | test loss | perplexity | bits"
                        + " | parameters | cache, bytes per token (f32) |")
                .append(speed == null ? "\n" : " tokens/s |\n");
        out.append("|---|").append("--:|".repeat(speed == null ? 10 : 11)).append('\n');
        for (StudyRuns runs : complete) {
            StudyResult first = runs.seeds().getFirst();
            out.append("| ").append(first.attention()).append(" | ").append(runs.seeds().size()).append(" | ")
                    .append(first.rate()).append(" | ").append(spread(runs, StudyResult::validationLoss, 4))
                    .append(" | ").append(spread(runs, run -> Math.exp(run.validationLoss()), 2)).append(" | ")
                    .append(spread(runs, StudyResult::validationBits, 4)).append(" | ")
                    .append(spread(runs, StudyResult::testLoss, 4)).append(" | ")
                    .append(spread(runs, run -> Math.exp(run.testLoss()), 2)).append(" | ")
                    .append(spread(runs, StudyResult::testBits, 4)).append(" | ")
                    .append(String.format(Locale.ROOT, "%,d", first.parameters())).append(" | ")
                    .append(String.format(Locale.ROOT, "%,d", first.cacheBytes()))
                    .append(speed == null ? " |\n" : " | " + speed.of(first.preset()) + " |\n");
        }
    }

    /** Appends the losses of all rates, and names the attentions whose best rate is the smallest or the largest. */
    private static void rates(StringBuilder out, SortedSet<Double> rates, List<StudyRuns> attentions) {
        out.append("\nThe learning rate is that of the lowest validation loss of runs with the first seed");
        attentions.stream().filter(StudyRuns::hasAllRates)
                .mapToDouble(runs -> runs.range(StudyResult::validationLoss))
                .filter(range -> range > 0 && range < Double.POSITIVE_INFINITY).max()
                .ifPresent(range -> out.append("; seeds of one rate differ by up to ").append(number(range, 4)));
        out.append(":\n\n");
        out.append("| attention |");
        rates.forEach(rate -> out.append(' ').append(rate).append(" |"));
        out.append("\n|---|").append("--:|".repeat(rates.size())).append('\n');
        StringBuilder atEdges = new StringBuilder();
        for (StudyRuns runs : attentions) {
            if (runs.tried().isEmpty()) {
                continue;
            }
            String name = runs.tried().values().iterator().next().attention();
            out.append("| ").append(name).append(" |");
            for (double rate : rates) {
                StudyResult run = runs.tried().get(rate);
                out.append(' ').append(run == null ? "–" : number(run.validationLoss(), 4)).append(" |");
            }
            out.append('\n');
            if (runs.hasAllRates() && rates.size() > 1) {
                double best = runs.seeds().getFirst().rate();
                String edge = best == rates.first() ? "smallest" : best == rates.last() ? "largest" : null;
                if (edge != null) {
                    atEdges.append("\nThe best rate of ").append(name).append(" is the ").append(edge)
                            .append(" that was tried.\n");
                }
            }
        }
        out.append(atEdges);
    }

    private static String spread(StudyRuns runs, ToDoubleFunction<StudyResult> value, int digits) {
        double deviation = runs.deviation(value);
        return number(runs.mean(value), digits) + (Double.isNaN(deviation) ? "" : " ± " + number(deviation, digits));
    }

    private static String number(double value, int digits) {
        return Double.isInfinite(value) ? "diverged" : String.format(Locale.ROOT, "%." + digits + "f", value);
    }
}
