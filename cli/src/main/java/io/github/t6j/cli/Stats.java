package io.github.t6j.cli;

import io.github.t6j.Generation;
import io.github.t6j.ModelInfo;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions.CacheType;
import io.github.t6j.cli.CacheComparison.Entry;
import io.github.t6j.cli.hub.Sizes;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;

/** The lines of {@code t6j generate --stats}. */
final class Stats {
    private Stats() {}

    static List<String> of(Generation generation, Session session, ModelInfo info) {
        return List.of(
                "prompt    " + speed(Math.min(generation.promptTokens(), session.position()), generation.prefillTime()),
                "decode    " + speed(generation.tokens().size(), generation.decodeTime()),
                "seed      " + generation.seed(),
                "finish    " + GenerationPrinter.reason(generation),
                "cache     " + cache(session.usedCacheBytes(), session.position(), session.cacheType(), info),
                "weights   " + Text.printable(info.weightFormat(), Integer.MAX_VALUE),
                "kernels   " + info.kernels());
    }

    /** Those of {@code --samples}: the speed of all together, the cache of the prompt, which they share, and their own. */
    static List<String> ofSamples(List<Generation> samples, Session prompt, ModelInfo info) {
        Generation first = samples.getFirst();
        int tokens = samples.stream().mapToInt(one -> one.tokens().size()).sum();
        boolean state = info.cache().stateElements() > 0; // of one size, and every sample has its own
        long bytes = state
                ? prompt.usedCacheBytes() * (1 + samples.size())
                : prompt.usedCacheBytes() / prompt.position() * (prompt.position() + tokens);
        return List.of(
                "prompt    " + speed(first.promptTokens(), first.prefillTime()),
                "decode    " + speed(tokens, first.decodeTime()) + " in " + samples.size() + " samples",
                "seed      " + first.seed() + " and following",
                "cache     " + cache(bytes, prompt.position() + tokens, prompt.cacheType(), info),
                "weights   " + Text.printable(info.weightFormat(), Integer.MAX_VALUE),
                "kernels   " + info.kernels());
    }

    /** What a process takes whatever it generates, and at most. */
    static List<String> ofProcess(Duration load) {
        String time = String.format(Locale.ROOT, "load      %.2f s", load.toNanos() / 1e9);
        OptionalLong peak = PeakMemory.bytes();
        return peak.isEmpty() ? List.of(time) : List.of(time, "memory    " + Sizes.of(peak.getAsLong()) + " at most");
    }

    static String speed(int tokens, Duration time) {
        double seconds = time.toNanos() / 1e9;
        String rate = seconds > 0 ? String.format(Locale.ROOT, ", %.1f tokens/s", tokens / seconds) : "";
        return tokens + " tokens" + rate;
    }

    /** Other attentions as they would be with elements of the same type. */
    static String cache(long bytes, int tokens, CacheType type, ModelInfo info) {
        CacheComparison comparison = CacheComparison.of(info);
        return Sizes.of(bytes) + " for " + tokens + " tokens in " + Choice.word(type) + "; MHA of "
                + besides(comparison.equalHeads().getFirst(), bytes, tokens, type, info) + ", of equal parameters, "
                + besides(comparison.equalParameters().getFirst(), bytes, tokens, type, info);
    }

    private static String besides(Entry multiHead, long bytes, int tokens, CacheType type, ModelInfo info) {
        long its = multiHead.elementsPerToken() * info.sizes().layers() * tokens * type.elementBytes();
        String ratio = bytes > 0 ? String.format(Locale.ROOT, " (%.1f times as much)", (double) its / bytes) : "";
        return multiHead.heads() + " heads: " + Sizes.of(its) + ratio;
    }
}
