package io.github.t6j.cli.bench;

import io.github.t6j.ModelInfo;
import io.github.t6j.cli.evaluate.Choice;
import io.github.t6j.json.Json;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Formats results as text. */
final class BenchReport {
    static final String FILLED = "cache filled with seeded rows";

    private final List<BenchResult> results;
    private final boolean comparing;
    private final boolean partial;
    private final int width;

    /**
     * @param results results; the others of a test are compared with its first
     * @param comparing true if there are several models
     * @param partial true if tests are missing because of Ctrl-C or an error
     * @param width columns of the terminal, or 0
     */
    BenchReport(List<BenchResult> results, boolean comparing, boolean partial, int width) {
        this.width = width;
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
        BenchResult first =
                results.stream().filter(candidate -> candidate.test().equals(result.test())).findFirst().orElseThrow();
        return result.tokensPerSecond() / first.tokensPerSecond();
    }

    /** Returns the fields of a row in csv and json; null where a field does not apply. */
    private Map<String, Object> fields(BenchResult result) {
        BenchCase test = result.test();
        ModelInfo info = result.info();
        boolean writing = !test.reading() && test.drafts() == 0;
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
        fields.put("huge_pages_bytes", result.conditions().hugePageBytes());
        fields.put("cpu_seconds", result.conditions().cpuSeconds());
        fields.put("other_processors", result.conditions().otherProcessors());
        fields.put("cold", result.conditions().cold());
        fields.put("warnings", String.join("; ", result.doubts()));
        fields.put("processor", Processor.name());
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
        BenchTable table = new BenchTable(results.stream().map(BenchResult::model).toList(),
                results.stream().map(BenchResult::test).toList(), comparing, width);
        return table.head(results)
                + results.stream().map(result -> table.row(result, ratio(result))).collect(Collectors.joining())
                + table.tail(results, partial);
    }
}
