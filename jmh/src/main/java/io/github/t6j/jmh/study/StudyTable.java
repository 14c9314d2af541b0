package io.github.t6j.jmh.study;

import io.github.t6j.jmh.report.Plot;
import java.math.BigDecimal;
import java.util.List;
import java.util.Locale;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/** Writes study.md. */
final class StudyTable {
    private StudyTable() {}

    /**
     * Returns the tables.
     *
     * @param seeds number of seeds of a complete attention
     * @param attentions completed runs of each attention
     * @param figure figure between the tables, or null
     * @param speed null leaves its columns out
     */
    static String of(int seeds, List<StudyRuns> attentions, Plot figure, StudySpeed speed) {
        StringBuilder out = new StringBuilder("# Attentions of about equal parameters, trained on the same tokens\n\n");
        out.append("Mean over the seeds ± sample standard deviation. Loss in nats per token. T6 is the language model "
                + "with TPA; figures draw both in one colour.\n\n");
        losses(out, attentions.stream().filter(StudyRuns::hasAllRates).toList(), speed);
        String missing = attentions.stream().filter(runs -> runs.seeds().size() < seeds)
                .map(runs -> runs.attention() + (runs.hasAllRates()
                        ? " (" + runs.seeds().size() + " of " + seeds + " seeds)"
                        : " (" + runs.byRate().values().stream().filter(ofRate -> !ofRate.isEmpty()).count() + " of "
                                + runs.byRate().size() + " rates)"))
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
        rates(out, attentions);
        return out.toString();
    }

    private static void losses(StringBuilder out, List<StudyRuns> complete, StudySpeed speed) {
        out.append(
                "| attention | seeds | learning rate | validation loss | validation perplexity | validation bits/byte"
                        + " | test loss | test perplexity | test bits/byte | parameters"
                        + " | cache, bytes per token (f32) |")
                .append(speed == null ? "\n" : " tokens/s |" + decoding(speed) + "\n");
        out.append("|---|").append("--:|".repeat(speed == null ? 10 : hasDecoding(speed) ? 12 : 11)).append('\n');
        for (StudyRuns runs : complete) {
            StudyResult first = runs.seeds().getFirst();
            out.append("| ").append(first.attention()).append(" | ").append(runs.seeds().size()).append(" | ")
                    .append(plain(first.rate())).append(" | ").append(spread(runs, StudyResult::validationLoss, 4))
                    .append(" | ").append(spread(runs, run -> Math.exp(run.validationLoss()), 2)).append(" | ")
                    .append(spread(runs, StudyResult::validationBits, 4)).append(" | ")
                    .append(spread(runs, StudyResult::testLoss, 4)).append(" | ")
                    .append(spread(runs, run -> Math.exp(run.testLoss()), 2)).append(" | ")
                    .append(spread(runs, StudyResult::testBits, 4)).append(" | ")
                    .append(String.format(Locale.ROOT, "%,d", first.parameters())).append(" | ")
                    .append(String.format(Locale.ROOT, "%,d", first.cacheBytes()))
                    .append(speed == null
                            ? " |\n"
                            : " | " + speed.of(first.preset())
                                    + (hasDecoding(speed) ? " | " + speed.decodingOf(first.preset()) : "") + " |\n");
        }
    }

    private static boolean hasDecoding(StudySpeed speed) {
        return !speed.decodeMillis().isEmpty();
    }

    /** Returns the title of the column of decoding, or an empty text. */
    private static String decoding(StudySpeed speed) {
        return hasDecoding(speed) ? String.format(Locale.ROOT, " ms a token after %,d |", speed.depth()) : "";
    }

    /** Appends the losses of all rates, and names the attentions whose best rate is the smallest or the largest. */
    private static void rates(StringBuilder out, List<StudyRuns> attentions) {
        SortedSet<Double> rates = new TreeSet<>();
        attentions.forEach(runs -> rates.addAll(runs.byRate().keySet()));
        out.append(
                "\nMean validation loss of each learning rate, with the number of seeds if there are several. The rate "
                        + "with the lowest mean was trained with the next seed, until it had all.");
        attentions.stream().flatMap(runs -> runs.byRate().values().stream())
                .mapToDouble(runs -> StudyRuns.range(runs, StudyResult::validationLoss))
                .filter(range -> range > 0 && range < Double.POSITIVE_INFINITY).max()
                .ifPresent(range -> out.append(" Seeds of one rate differ by up to ").append(number(range, 4))
                        .append('.'));
        out.append("\n\n| attention |");
        rates.forEach(rate -> out.append(' ').append(plain(rate)).append(" |"));
        out.append("\n|---|").append("--:|".repeat(rates.size())).append('\n');
        StringBuilder atEdges = new StringBuilder();
        for (StudyRuns runs : attentions) {
            String name = runs.byRate().values().stream().flatMap(List::stream).map(StudyResult::attention)
                    .findFirst().orElse(null);
            if (name == null) {
                continue;
            }
            out.append("| ").append(name).append(" |");
            rates.forEach(
                    rate -> out.append(' ').append(mean(runs.byRate().getOrDefault(rate, List.of()))).append(" |"));
            out.append('\n');
            if (runs.hasAllRates() && runs.byRate().size() > 1) {
                double best = runs.bestRate();
                String edge = best == runs.byRate().firstKey()
                        ? "smallest"
                        : best == runs.byRate().lastKey() ? "largest" : null;
                if (edge != null) {
                    atEdges.append("\nThe best rate of ").append(name).append(" is the ").append(edge)
                            .append(" that was tried.\n");
                }
            }
        }
        out.append(atEdges);
    }

    private static String plain(double rate) {
        return BigDecimal.valueOf(rate).stripTrailingZeros().toPlainString();
    }

    /** Returns the mean loss of the runs of a rate, and their number if there are several. */
    private static String mean(List<StudyResult> runs) {
        return runs.isEmpty()
                ? "–"
                : number(StudyRuns.mean(runs, StudyResult::validationLoss), 4)
                        + (runs.size() == 1 ? "" : " (" + runs.size() + ")");
    }

    private static String spread(StudyRuns runs, ToDoubleFunction<StudyResult> value, int digits) {
        double deviation = runs.deviation(value);
        return number(runs.mean(value), digits) + (Double.isNaN(deviation) ? "" : " ± " + number(deviation, digits));
    }

    private static String number(double value, int digits) {
        return Double.isInfinite(value) ? "diverged" : String.format(Locale.ROOT, "%." + digits + "f", value);
    }
}
