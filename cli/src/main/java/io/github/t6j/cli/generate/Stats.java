package io.github.t6j.cli.generate;

import io.github.t6j.Generation;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.ModelInfo;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions.CacheType;
import io.github.t6j.cli.bench.CacheComparison;
import io.github.t6j.cli.bench.CacheComparison.Entry;
import io.github.t6j.cli.bench.HugePages;
import io.github.t6j.cli.bench.PeakMemory;
import io.github.t6j.cli.evaluate.Choice;
import io.github.t6j.cli.hub.Sizes;
import io.github.t6j.cli.io.Text;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.function.IntFunction;

/** Lines of {@code t6j generate --stats}. */
public final class Stats {
    /** Minimum number of tokens whose last quarter shows the speed after the warm-up. */
    private static final int MEASURABLE = 32;

    private Stats() {}

    /** @param timeOfLast returns the time that the given number of last tokens took */
    static List<String> of(
            Generation generation, IntFunction<Duration> timeOfLast, Session session, Model model,
            GenerationOptions options) {
        ModelInfo info = model.info();
        int tokens = generation.tokens().size();
        String decode = "decode    " + speed(tokens, generation.decodeTime());
        if (tokens >= MEASURABLE) {
            // The first tokens share the processors with the JVM's compilers.
            decode += "; after warm-up: last " + speed(tokens / 4, timeOfLast.apply(tokens / 4));
        }
        List<String> lines = new ArrayList<>(List.of(
                "prompt    " + speed(Math.min(generation.promptTokens(), session.position()), generation.prefillTime()),
                decode,
                "seed      " + generation.seed(),
                "finish    " + GenerationPrinter.reason(generation),
                "cache     " + cache(session.usedCacheBytes(), session.position(), session.cacheType(), info),
                "weights   " + Text.printable(info.weightFormat(), Integer.MAX_VALUE),
                "pages     huge: " + HugePages.of(model),
                kernels(info)));
        lines.addAll(2, drafts(List.of(generation), options));
        return lines;
    }

    /** Returns the line with the numbers of drafts; none without speculation. */
    public static List<String> drafts(List<Generation> generations, GenerationOptions options) {
        int accepted = generations.stream().mapToInt(generation -> generation.drafts().accepted()).sum();
        int rejected = generations.stream().mapToInt(generation -> generation.drafts().rejected()).sum();
        return options.speculation() == null
                ? List.of()
                : List.of("drafts    " + accepted + " accepted, " + rejected + " rejected");
    }

    public static String kernels(ModelInfo info) {
        return "kernels   " + info.kernels();
    }

    /**
     * Returns the lines for {@code --samples}: the total speed, and the cache of their shared prompt and of each
     * sample.
     */
    static List<String> ofSamples(
            List<Generation> samples, Session prompt, Model model, GenerationOptions options) {
        ModelInfo info = model.info();
        Generation first = samples.getFirst();
        int tokens = samples.stream().mapToInt(sample -> sample.tokens().size()).sum();
        long states = info.cache().stateBytes(); // of fixed size, one for every sample
        long bytes = states * (1 + samples.size())
                + (prompt.usedCacheBytes() - states) / prompt.position() * (prompt.position() + tokens);
        List<String> lines = new ArrayList<>(List.of(
                "prompt    " + speed(first.promptTokens(), first.prefillTime()),
                "decode    " + speed(tokens, first.decodeTime()) + " in " + samples.size() + " samples",
                "seed      " + first.seed() + " and the next ones",
                "cache     " + cache(bytes, prompt.position() + tokens, prompt.cacheType(), info),
                "weights   " + Text.printable(info.weightFormat(), Integer.MAX_VALUE),
                "pages     huge: " + HugePages.of(model),
                kernels(info)));
        lines.addAll(2, drafts(samples, options));
        return lines;
    }

    /** Returns load time and peak memory of the process. */
    static List<String> ofProcess(Duration load) {
        String time = String.format(Locale.ROOT, "load      %.2f s", load.toNanos() / 1e9);
        OptionalLong peak = PeakMemory.bytes();
        return peak.isEmpty() ? List.of(time) : List.of(time, "memory    " + Sizes.of(peak.getAsLong()) + " peak");
    }

    public static String speed(int tokens, Duration time) {
        double seconds = time.toNanos() / 1e9;
        String rate = seconds > 0 ? String.format(Locale.ROOT, ", %.1f tokens/s", tokens / seconds) : "";
        return tokens + " tokens" + rate;
    }

    /** Compares with other attentions, as if their caches had elements of the same type. */
    public static String cache(long bytes, int tokens, CacheType type, ModelInfo info) {
        CacheComparison comparison = CacheComparison.of(info);
        return Sizes.of(bytes) + " for " + tokens + " tokens in " + Choice.word(type) + "; MHA with "
                + besides(comparison.equalHeads().getFirst(), bytes, tokens, type, info)
                + comparison.equalParameters().stream().findFirst().map(multiHead -> ", MHA of equal parameters with "
                        + besides(multiHead, bytes, tokens, type, info)).orElse("");
    }

    private static String besides(Entry multiHead, long bytes, int tokens, CacheType type, ModelInfo info) {
        long its = multiHead.elementsPerToken() * CacheComparison.layers(info) * tokens * type.elementBytes();
        String ratio = bytes > 0 ? String.format(Locale.ROOT, " (%.1f times as much)", (double) its / bytes) : "";
        return multiHead.heads() + " heads: " + Sizes.of(its) + ratio;
    }
}
