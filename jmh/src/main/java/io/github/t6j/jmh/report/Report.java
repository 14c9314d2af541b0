package io.github.t6j.jmh.report;

import io.github.t6j.jmh.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Contents of the report, from the results alone; report.md.ftl and readme.md.ftl arrange them.
 *
 * @param groups decode steps over contexts
 * @param plots their curves over contexts, then over batches, then bars where there is one context
 * @param skipped points that the machine could not measure, with the reason of each
 */
public record Report(
        Machine machine, List<Result> results, Limits limits, List<Group> groups, List<String> attentions,
        List<Plot> plots, Map<String, String> skipped) {

    /** Share of the mean above which an error bar is long. */
    private static final double MAX_ERROR = 0.25;

    static Report of(Machine machine, List<Result> results) {
        return of(machine, results, Map.of());
    }

    static Report of(Machine machine, List<Result> results, Map<String, String> skipped) {
        List<Group> groups = Group.overContext(results);
        List<String> attentions = AttentionStyle.NAMES.stream()
                .filter(name -> groups.stream().anyMatch(group -> group.series().containsKey(name))).toList();
        List<Plot> plots = new ArrayList<>();
        List<Group> curves = Stream.concat(groups.stream(), Group.overBatch(results).stream()).filter(Group::isCurve)
                .toList();
        curves.forEach(group -> plots.add(group.plot("decode-" + (plots.size() + 1))));
        groups.stream().filter(group -> group.isBars() && !group.isWithin(curves))
                .forEach(group -> plots.add(group.bars("decode-" + (plots.size() + 1))));
        return new Report(machine, results, new Limits(results, machine.thirdLevelBytes()), groups, attentions, plots,
                skipped);
    }

    private Map<String, Object> contents() {
        return Map.of("report", this, "machine", machine, "any", results.getFirst(), "names", AttentionStyle.names());
    }

    String markdown() throws IOException {
        return Page.of("report/report.md.ftl", contents());
    }

    /** Returns the tables of a README. @param command command that made them @param link link to the results */
    String readme(String command, String link) throws IOException {
        return Page.of("report/readme.md.ftl", Page.with(contents(), Map.of("command", command, "link", link)));
    }

    /** Writes report.html, summary.md and the plots. */
    void write(Path out) throws IOException {
        Files.writeString(out.resolve("summary.md"), markdown());
        Files.writeString(out.resolve("report.html"), Page.html(markdown(), plots));
        Plot.write(plots, out);
        if (!mains().isEmpty()) {
            Plot.write(mains().getFirst().figure(), out);
        }
    }

    /** Returns the most important steps: the paper's shape from memory, one sequence, with MHA to compare with. */
    public List<Group> mains() {
        return groups.stream().filter(group -> group.setting().shape().equals("paper") && group.isCurve()
                && group.setting().residency().equals("memory") && group.setting().batch() == 1
                && group.series().containsKey("mha")).toList();
    }

    /** Returns the groups that answer which attention is fastest: equal heads, and equal parameters of 124 M. */
    public List<Group> advised() {
        Stream<Group> equalParameters = groups.stream().filter(group -> group.setting().shape().equals("small")
                && group.setting().residency().equals("memory") && group.setting().batch() == 1);
        return Stream.concat(mains().stream().limit(1), equalParameters.limit(1))
                .filter(group -> !advice(group).isEmpty()).toList();
    }

    /** Returns the answers of a group. */
    public List<Advice> advice(Group group) {
        return Advice.of(group);
    }

    /** Returns the results with long error bars, each with the times that explain it. */
    public List<Result> uncertain() {
        return results.stream().filter(r -> r.is("DecodeAttentionBenchmark.step"))
                .filter(r -> r.seconds().error() > MAX_ERROR * r.seconds().mean()).toList();
    }

    /** Returns the results with evidence of a suite. */
    public List<Result> proven() {
        return results.stream().filter(r -> r.evidence() != null).toList();
    }

    /** Returns the first group of each shape and type of cache. */
    public Collection<Group> caches() {
        return groups.stream()
                .collect(Collectors.groupingBy(group -> group.setting().shape() + group.setting().cacheType(),
                        LinkedHashMap::new, Collectors.reducing(null, (a, b) -> a == null ? b : a.with(b))))
                .values();
    }

    /** Returns results of whole models: tests in the order of the run, T6 first in each. */
    public List<Result> models() {
        List<Result> models = results.stream().filter(r -> r.name().startsWith("ModelBenchmark")).toList();
        List<String> settings = models.stream().map(Result::keyWithoutModel).distinct().toList();
        return models.stream().sorted(Comparator.comparing((Result r) -> settings.indexOf(r.keyWithoutModel()))
                .thenComparing(r -> !r.param("model").startsWith("t6"))).toList();
    }

    /** Returns the results with a share of a limit, except whole models. */
    public List<Result> fractions() {
        return results.stream().filter(r -> limits.of(r) != null && !r.name().startsWith("Model")).toList();
    }

    /** Returns the results of other kernels. */
    public List<Result> others() {
        return results.stream().filter(r -> !r.name().matches("(Decode|Peak|Model).*")).toList();
    }

    /** Returns the size of L3. */
    public String thirdLevel() {
        return machine.thirdLevelBytes() == 0 ? "not known" : Numbers.size(machine.thirdLevelBytes());
    }

    /** Returns the different values of a property of the results. */
    public String all(String property) {
        Function<Result, String> part = property.equals("flags") ? Result::flags : Result::method;
        return results.stream().map(part).distinct().collect(Collectors.joining(property.equals("flags") ? " " : "; "));
    }
}
