package io.github.t6j.jmh.report;

import java.util.List;
import java.util.Locale;

/** What parameters are called in text. */
final class Labels {
    /** Attentions in the order of tables and plots. */
    static final List<String> ATTENTIONS = List.of("mha", "mqa", "gqa", "mla", "tpa", "tpa_kvonly");

    private Labels() {}

    static String attention(String attention) {
        return switch (attention) {
            case "tpa" -> "TPA";
            case "tpa_kvonly" -> "TPA KV-only";
            default -> attention.toUpperCase(Locale.ROOT);
        };
    }

    /** A shape, and what its attentions have in common. */
    static String shape(String shape) {
        return switch (shape) {
            case "paper" -> "paper, equal heads (32 × 64)";
            case "paper-1024" -> "paper-1024, equal heads (16 × 64)";
            case "paper-3072" -> "paper-3072, equal heads (48 × 64)";
            case "d128" -> "d128, equal heads (32 × 128)";
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
}
