package io.github.t6j.jmh.report;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** Names of parameters in text, and their order. */
final class Labels {
    /** Attentions in the order of tables and plots: this project's, the paper's, then the others. */
    static final List<String> ATTENTIONS = List.of(
            "tpa", "tpa_kvonly", "mha", "mqa", "gqa", "mla", "mfa", "gta", "gla", "mlra");

    private Labels() {}

    static String attention(String attention) {
        return switch (attention) {
            case "tpa" -> "TPA";
            case "tpa_kvonly" -> "TPA KV-only";
            case "gla" -> "GLA-2";
            case "mlra" -> "MLRA-4";
            default -> attention.toUpperCase(Locale.ROOT);
        };
    }

    /** Returns the name of a shape, and what its attentions have in common. */
    static String shape(String shape) {
        return switch (shape) {
            case "paper" -> "paper, equal heads (32 × 64)";
            case "paper-1024" -> "paper-1024, equal heads (16 × 64)";
            case "paper-3072" -> "paper-3072, equal heads (48 × 64)";
            case "d128" -> "d128, equal heads (32 × 128)";
            case "mlra" -> "mlra, published models (2.9 B, 24 heads)";
            case "small" -> "small, equal parameters (124 M)";
            case "medium" -> "medium, equal parameters (353 M)";
            case "large" -> "large, equal parameters (773 M)";
            case "xl" -> "xl, equal parameters (1.5 B)";
            default -> shape;
        };
    }

    static String threads(int threads) {
        return threads == 1 ? "1 thread" : threads + " threads";
    }

    /** Returns the name of a test of a whole model. */
    static String test(Result model) {
        return model.is("ModelBenchmark.prefill")
                ? "prefill " + model.param("tokens")
                : "decode at " + model.param("depth");
    }

    /** Returns results of whole models: tests in the order of the run, T6 first in each. */
    static List<Result> models(List<Result> results) {
        List<Result> models = results.stream().filter(r -> r.name().startsWith("ModelBenchmark")).toList();
        List<String> settings = models.stream().map(Labels::setting).distinct().toList();
        return models.stream().sorted(Comparator.comparing((Result r) -> settings.indexOf(setting(r)))
                .thenComparing(r -> !r.param("model").startsWith("t6"))).toList();
    }

    private static String setting(Result model) {
        return model.key().replace("model=" + model.param("model"), "");
    }
}
