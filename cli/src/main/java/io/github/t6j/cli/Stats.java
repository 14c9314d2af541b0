package io.github.t6j.cli;

import io.github.t6j.CacheComparison;
import io.github.t6j.CacheComparison.Entry;
import io.github.t6j.Generation;
import io.github.t6j.ModelInfo;
import io.github.t6j.Session;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/** The lines of {@code t6j generate --stats}. */
final class Stats {
    private Stats() {}

    static List<String> of(Generation generation, Session session, ModelInfo info) {
        return List.of(
                "prompt    " + speed(Math.min(generation.promptTokens(), session.position()), generation.prefillTime()),
                "decode    " + speed(generation.tokens().size(), generation.decodeTime()),
                "seed      " + generation.seed(),
                "finish    " + Choice.word(generation.finishReason()).replace('-', '_'),
                "cache     " + cache(session.cacheBytes(), session.position(), info),
                "weights   " + info.weightFormat(),
                "kernels   " + info.kernels());
    }

    private static String speed(int tokens, Duration time) {
        double seconds = time.toNanos() / 1e9;
        String rate = seconds > 0 ? String.format(Locale.ROOT, ", %.1f tokens/s", tokens / seconds) : "";
        return tokens + " tokens" + rate;
    }

    /** @param tokens how many {@code bytes} hold */
    private static String cache(long bytes, int tokens, ModelInfo info) {
        CacheComparison comparison = CacheComparison.of(info);
        return bytes + " bytes for " + tokens + " tokens; MHA of "
                + besides(comparison.equalHeads().getFirst(), bytes, tokens, info) + ", of equal parameters, "
                + besides(comparison.equalParameters().getFirst(), bytes, tokens, info);
    }

    private static String besides(Entry multiHead, long bytes, int tokens, ModelInfo info) {
        long its = multiHead.numbersPerToken() * info.layers() * tokens * Float.BYTES;
        String ratio = bytes > 0 ? String.format(Locale.ROOT, " (%.1f times as much)", (double) its / bytes) : "";
        return multiHead.heads() + " heads: " + its + ratio;
    }
}
