package io.github.t6j.jmh.report;

import java.util.Comparator;
import java.util.List;
import java.util.Objects;

/**
 * Decode steps below the two limits of the machine (Williams, Waterman and Patterson, "Roofline", 2009): operations per
 * second over operations per byte.
 *
 * @param shape shape of all spots
 * @param setting setting of all spots, including the shape
 * @param memory limit of bytes per second
 * @param multiplyAdd limit of multiplications and additions per second
 */
record Roofline(String shape, String setting, Measured memory, Measured multiplyAdd, List<Spot> spots) {
    /**
     * An attention's step at its longest context.
     *
     * @param intensity operations per byte of the cache
     * @param rate operations per second
     * @param fraction share of the roof
     */
    record Spot(String attention, int context, double intensity, Measured rate, Limits.Fraction fraction) {}

    /**
     * Returns the roofline of a shape from memory, for one sequence, its largest number of threads and its first type
     * of cache.
     *
     * @return null if it or a limit was not measured
     */
    static Roofline of(List<Result> results, Limits limits, String shape) {
        List<Group> groups = Group.overContext(results).stream().filter(group -> group.setting().shape().equals(shape)
                && group.setting().residency().equals("memory") && group.setting().batch() == 1).toList();
        Group group = groups.stream().max(Comparator.comparingInt(g -> g.setting().threads())).orElse(null);
        if (group == null) {
            return null;
        }
        int threads = group.setting().threads();
        Group first = groups.stream().filter(g -> g.setting().threads() == threads).findFirst().orElseThrow();
        Measured memory = limits.memory(threads).highest();
        Measured multiplyAdd = limits.multiplyAdd(threads).highest();
        if (memory == null || multiplyAdd == null) {
            return null;
        }
        List<Spot> spots = first.series().values().stream().map(steps -> spot(steps.lastEntry().getValue(), limits))
                .filter(Objects::nonNull).toList();
        return spots.isEmpty()
                ? null
                : new Roofline(shape, first.setting().text(), memory, multiplyAdd, spots);
    }

    private static Spot spot(Result step, Limits limits) {
        Measured bytes = step.counter("bytesPerSecond");
        Measured flops = step.counter("flopsPerSecond");
        return bytes == null || flops == null || bytes.mean() == 0
                ? null
                : new Spot(
                        step.param("attention"), step.number("context"), flops.mean() / bytes.mean(), flops,
                        limits.of(step));
    }

    /** Returns the operations per byte at which the limit changes from memory to multiply-adds. */
    double ridge() {
        return multiplyAdd.mean() / memory.mean();
    }

    /** Returns the operations per second that the limits allow. */
    double roof(double intensity) {
        return Math.min(multiplyAdd.mean(), memory.mean() * intensity);
    }

    /** Returns the reasons why spots are above the roof. */
    List<String> notes() {
        return spots.stream().filter(spot -> !spot.fraction.why().isEmpty())
                .map(spot -> spot.fraction.note(Labels.attention(spot.attention))).toList();
    }

    /** Returns a table of the spots. */
    Table table() {
        Table table = new Table(1, "attention", "tokens", "operations per byte", "operations", "roof", "of limit");
        spots.forEach(spot -> table.add(Labels.attention(spot.attention), Integer.toString(spot.context),
                Numbers.digits(spot.intensity), spot.rate.rate("FLOP/s"),
                Numbers.rate(roof(spot.intensity), "FLOP/s"), spot.fraction.text()));
        return table;
    }
}
