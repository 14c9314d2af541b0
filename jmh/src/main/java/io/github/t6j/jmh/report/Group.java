package io.github.t6j.jmh.report;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Decode steps that differ in nothing but the attention and one number.
 *
 * @param setting the parameters that are equal
 * @param series by attention, then by that number, in its order
 */
record Group(Setting setting, Map<String, TreeMap<Integer, Result>> series) {

    /** Parameters that two decode steps must share to be compared; {@code context} and {@code batch} may be 0 for any. */
    record Setting(String shape, String cacheType, int threads, String residency, int batch, int context) {
        String text() {
            return Labels.shape(shape) + ", " + rest();
        }

        /** Without the shape. */
        String rest() {
            return cacheType + " cache" + (residency.equals("cached") ? ", one cache" : "")
                    + (batch > 1 ? ", batch " + batch : "") + (context > 0 ? ", " + context + " tokens" : "") + ", "
                    + Labels.threads(threads);
        }
    }

    /** Decode steps over contexts. */
    static List<Group> overContext(List<Result> decode) {
        return groups(decode, "context", r -> new Setting(
                r.param("shape"), r.param("cacheType"), r.computing(), r.param("residency"), r.number("batch"), 0));
    }

    /** Decode steps over batches. */
    static List<Group> overBatch(List<Result> decode) {
        return groups(decode, "batch", r -> new Setting(
                r.param("shape"), r.param("cacheType"), r.computing(), r.param("residency"), 0, r.number("context")));
    }

    private static List<Group> groups(
            List<Result> decode, String number, Function<Result, Setting> setting) {
        Map<Setting, Group> groups = new LinkedHashMap<>();
        List<Result> ordered = decode.stream().filter(r -> r.is("DecodeAttentionBenchmark.step")).sorted(
                Comparator.comparing(r -> Labels.ATTENTIONS.indexOf(r.param("attention")))).toList();
        for (Result result : ordered) {
            groups.computeIfAbsent(setting.apply(result), s -> new Group(s, new LinkedHashMap<>())).series
                    .computeIfAbsent(result.param("attention"), a -> new TreeMap<>())
                    .put(result.number(number), result);
        }
        return groups.values().stream().toList();
    }

    /** Whether there is a curve to draw. */
    boolean isCurve() {
        return series.values().stream().anyMatch(points -> points.size() > 1);
    }
}
