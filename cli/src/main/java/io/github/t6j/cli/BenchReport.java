package io.github.t6j.cli;

import io.github.t6j.ModelInfo;
import io.github.t6j.json.Json;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Results as text. */
final class BenchReport {
    private static final String FILLED = "cache filled with seeded rows";

    private final List<BenchResult> results;
    private final boolean comparing;
    private final boolean partial;

    /**
     * @param results the first of each test is what its others are compared with
     * @param comparing whether there are others
     * @param partial whether tests are missing, because of Ctrl-C
     */
    BenchReport(List<BenchResult> results, boolean comparing, boolean partial) {
        this.partial = partial;
        this.results = results;
        this.comparing = comparing;
    }

    String in(BenchCommand.Format format) {
        return switch (format) {
            case MD -> markdown();
            case CSV -> csv();
            case JSON -> Json.write(results.stream().map(this::fields).toList());
        };
    }

    private double ratio(BenchResult result) {
        BenchResult first = results.stream().filter(one -> one.test().equals(result.test())).findFirst().orElseThrow();
        return result.tokensPerSecond() / first.tokensPerSecond();
    }

    /** What every row of csv and json has, null where it says nothing. */
    private Map<String, Object> fields(BenchResult result) {
        BenchCase test = result.test();
        ModelInfo info = result.info();
        boolean writing = !test.reading();
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("model", result.model());
        fields.put("test", test.name());
        fields.put("tokens", test.tokens());
        fields.put("batch", test.batch());
        fields.put("depth", test.depth());
        fields.put("depth_by", test.depth() > 0 ? FILLED : null);
        fields.put("tokens_per_second", result.tokensPerSecond());
        fields.put("tokens_per_second_sd", result.deviation());
        fields.put("ratio", ratio(result));
        fields.put("repetitions", result.seconds().length);
        fields.put("bytes_per_second", writing ? result.bytesPerSecond() : null);
        fields.put("read_bandwidth", result.readBandwidth());
        fields.put("bandwidth_share", writing ? result.bytesPerSecond() / result.readBandwidth() : null);
        fields.put("sampling_share", writing ? result.samplingShare() : null);
        fields.put("cache_type", Choice.word(result.cacheType()));
        fields.put("cache_bytes", result.cacheBytes());
        fields.put("cache_bytes_per_token", result.cacheBytesPerToken());
        fields.put("variant", info.attention().name());
        fields.put("parameters", info.sizes().parameters());
        fields.put("weights_type", result.weightType());
        fields.put("weights_bytes", result.weightBytes());
        fields.put("kernels", info.kernels());
        fields.put("threads", result.threads());
        fields.put("jdk", Runtime.version().toString());
        if (partial) {
            fields.put("partial", true);
        }
        return fields;
    }

    private String csv() {
        StringBuilder out = new StringBuilder();
        out.append(String.join(",", fields(results.getFirst()).keySet())).append('\n');
        for (BenchResult result : results) {
            out.append(fields(result).values().stream().map(BenchReport::cell).collect(Collectors.joining(",")))
                    .append('\n');
        }
        return out.toString();
    }

    private static String cell(Object value) {
        String text = value == null ? "" : value.toString();
        return text.matches("[^,\"\\r\\n]*") ? text : '"' + text.replace("\"", "\"\"") + '"';
    }

    private String markdown() {
        StringBuilder out = new StringBuilder();
        head().forEach(line -> out.append("- ").append(line).append('\n'));
        out.append(comparing
                ? "\n| model | test | tokens/s | ratio | GB/s | of read | sampling | cache MB | bytes/token |\n"
                        + "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
                : "\n| model | test | tokens/s | GB/s | of read | sampling | cache MB | bytes/token |\n"
                        + "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n");
        results.forEach(result -> out.append(row(result)).append('\n'));
        return out.toString();
    }

    /** What the rows have in common, or what belongs to a model. */
    private Set<String> head() {
        Set<String> lines = new LinkedHashSet<>();
        for (BenchResult result : results) {
            lines.add(String.format(Locale.ROOT, "%s: %s, %.1f M parameters, %.1f MB of weights (%s)", result.model(),
                    result.info().attention().name(), result.info().sizes().parameters() / 1e6,
                    result.weightBytes() / 1e6,
                    result.weightType()));
        }
        BenchResult first = results.getFirst();
        if (partial) {
            lines.add("partial: it was interrupted");
        }
        lines.add(first.info().kernels() + "; Java " + Runtime.version());
        lines.add("cache: " + Choice.word(first.cacheType())
                + (results.stream().anyMatch(result -> result.test().depth() > 0) ? "; @: " + FILLED : ""));
        double[] read = results.stream().mapToDouble(BenchResult::readBandwidth).sorted().toArray();
        lines.add(
                String.format(Locale.ROOT, "read test: %.1f to %.1f GB/s", read[0] / 1e9, read[read.length - 1] / 1e9));
        lines.add("tokens/s: mean ± standard deviation of " + first.seconds().length + " after a warm-up");
        return lines;
    }

    private String row(BenchResult result) {
        boolean writing = !result.test().reading();
        StringBuilder row = new StringBuilder("| " + result.model() + " | " + result.test().name() + " | ");
        String speed = result.tokensPerSecond() < 10 ? "%.2f ± %.2f | " : "%.1f ± %.1f | ";
        row.append(String.format(Locale.ROOT, speed, result.tokensPerSecond(), result.deviation()));
        if (comparing) {
            row.append(String.format(Locale.ROOT, "%.2f | ", ratio(result)));
        }
        row.append(writing
                ? String.format(Locale.ROOT, "%.1f | %.0f %% | %.1f %% | ", result.bytesPerSecond() / 1e9,
                        100 * result.bytesPerSecond() / result.readBandwidth(), 100 * result.samplingShare())
                : "| | | ");
        return row + String.format(
                Locale.ROOT, "%.1f | %d |", result.cacheBytes() / 1e6, result.cacheBytesPerToken());
    }
}
