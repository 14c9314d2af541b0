package io.github.t6j.jmh.report;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Decode steps that differ only in the attention and one number.
 *
 * @param setting common parameters
 * @param series results by attention, then by that number, in its order
 */
record Group(Setting setting, Map<String, TreeMap<Integer, Result>> series) {

    /**
     * Parameters that two decode steps must share to be compared; 0 in {@code context} or {@code batch} matches any.
     */
    record Setting(String shape, String cacheType, int threads, String residency, int batch, int context) {
        String text() {
            return Labels.shape(shape) + ", " + rest();
        }

        /** Returns the setting without the shape. */
        String rest() {
            return cacheType + " cache" + (residency.equals("cached") ? ", one cache" : "")
                    + (batch > 1 ? ", batch " + batch : "") + (context > 0 ? ", " + context + " tokens" : "") + ", "
                    + Labels.threads(threads);
        }
    }

    /** Groups decode steps over contexts. */
    static List<Group> overContext(List<Result> decode) {
        return groups(decode, "context", r -> new Setting(
                r.param("shape"), r.param("cacheType"), r.computing(), r.param("residency"), r.number("batch"), 0));
    }

    /** Groups decode steps over batches. */
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

    /** Returns whether there are enough points for a curve. */
    boolean isCurve() {
        return series.values().stream().anyMatch(points -> points.size() > 1);
    }
}
