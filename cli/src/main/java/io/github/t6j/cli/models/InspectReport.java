package io.github.t6j.cli.models;

import io.github.t6j.ModelInfo;
import io.github.t6j.cli.bench.CacheComparison;
import io.github.t6j.cli.bench.CacheComparison.Entry;
import io.github.t6j.cli.hub.Sizes;
import io.github.t6j.cli.io.Text;
import io.github.t6j.cli.io.WordWrap;
import io.github.t6j.json.Json;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Output of {@code t6j inspect} for people. */
final class InspectReport {
    private static final int WIDEST_BAR = 40;
    private static final String ROW = "  %-6s %5s %13s %9s %9s  ";
    private static final int ROW_WIDTH = 50;
    private static final int VALUE_COLUMN = 13;
    private static final int TEMPLATE_COLUMN = 14; // with a column for … at the end

    private final ModelInfo info;
    private final int context;
    private final int width;
    private final List<String> lines = new ArrayList<>();

    /**
     * @param context tokens whose cache is shown
     * @param width columns of the terminal
     */
    InspectReport(ModelInfo info, int context, int width) {
        this.info = info;
        this.context = context;
        this.width = width;
    }

    /** @param description fields that --json prints */
    List<String> lines(Map<String, Object> description, boolean memory) {
        description.forEach(this::row);
        info.assumptions().forEach(assumption -> line("%-12s %s", "assumed", assumption));
        cache(CacheComparison.of(info));
        if (memory) {
            line("");
            Json.object(description.get("memory"), "memory").forEach((name, value) -> {
                long number = ((Number) value).longValue();
                line("%-18s %12s", name, name.equals("context") ? Sizes.count(number) : Sizes.of(number));
            });
        }
        if (description.get("tensors") instanceof List<?> list) {
            line("");
            list.forEach(tensor -> {
                Map<String, Object> fields = Json.object(tensor, "tensor");
                line("%-5s %-16s %s", fields.get("dtype"), fields.get("shape"), fields.get("name"));
            });
        }
        return lines;
    }

    /** Prints a field; sizes and properties that the model does not have are left out. */
    private void row(String name, Object value) {
        switch (value) {
            case Map<?, ?> tokenizer when name.equals("tokenizer") ->
                line("%-12s %s ids", name, Sizes.count(((Number) tokenizer.get("ids")).longValue()));
            case Map<?, ?> template when name.equals("chat_template") -> template(template);
            case Map<?, ?> rope when name.equals("rope") -> line("%-12s %s", name, rope(rope));
            case Number number when name.endsWith("_bytes") -> line("%-12s %s", name, Sizes.of(number.longValue()));
            case Number number when number.longValue() != 0 ->
                line("%-12s %s", name, Sizes.count(number.longValue()));
            case Boolean flag when flag -> line("%-12s yes", name);
            case String kernels when name.equals("kernels") -> kernels(kernels);
            case String text -> line("%-12s %s", name, text);
            case null -> line("%-12s none", name.replaceFirst("chat_", ""));
            default -> {
                // 0, false, and fields with separate lines
            }
        }
    }

    /** Prints native kernels and the SIMD kernels below them, which compute the rest. */
    private void kernels(String kernels) {
        StringBuilder wrapped = new StringBuilder();
        WordWrap wrap = new WordWrap(() -> width - VALUE_COLUMN, wrapped::append);
        wrap.append(kernels.replace("; ", "\n"));
        wrap.end();
        String name = "kernels";
        for (String words : wrapped.toString().split("\n")) {
            line("%-12s %s", name, words);
            name = "";
        }
    }

    private void template(Map<?, ?> template) {
        String text = template.containsKey("error")
                ? "not supported: " + template.get("error")
                : "yes: " + template.get("first_line");
        line("%-12s %s", "template", Text.printable(text, width - TEMPLATE_COLUMN));
    }

    /** Returns words such as "llama3, base 500,000, factor 8.0, original length 8,192". */
    private static String rope(Map<?, ?> rope) {
        if (!rope.containsKey("base")) {
            return String.valueOf(rope.get("type"));
        }
        String words = rope.get("type") + String.format(Locale.ROOT, ", base %,.0f", (Double) rope.get("base"));
        words += rope.containsKey("factor") ? ", factor " + rope.get("factor") : "";
        words += rope.get("original_length") instanceof Long length ? ", original length " + Sizes.count(length) : "";
        words += rope.get("rotated_part") instanceof Double part
                ? String.format(Locale.ROOT, ", %.0f %% of a head", 100 * part)
                : "";
        return rope.get("windowed_base") instanceof Double base
                ? words + String.format(Locale.ROOT, ", base %,.0f in layers with a window", base)
                : words;
    }

    private void cache(CacheComparison comparison) {
        line("");
        line(ROW.stripTrailing(), "cache", "heads", "parameters", "per token", "total");
        List<Entry> all = new ArrayList<>(List.of(comparison.model()));
        all.addAll(comparison.equalHeads());
        all.addAll(comparison.equalParameters());
        long max = Math.max(1, all.stream().mapToLong(this::bytes).max().orElseThrow());
        line("cache of f32; total for %s tokens in %d layers", Sizes.count(context), CacheComparison.layers(info));
        entry(comparison.model(), max);
        line("equal heads (GQA with 4 key heads, MLA 512/256/32)");
        comparison.equalHeads().forEach(entry -> entry(entry, max));
        if (!comparison.equalParameters().isEmpty()) {
            line("equal parameters (heads of %d, GQA 2, MLA 512/256/32)", info.attention().headDim());
        }
        comparison.equalParameters().forEach(entry -> entry(entry, max));
        if (info.cache().stateLayers() > 0) {
            line("state: %s elements per layer, %s in %s, for any number of tokens",
                    Sizes.count(info.cache().stateElements()), Sizes.of(info.cache().stateBytes()),
                    info.cache().tokenLayers() == 0 ? "total" : info.cache().stateLayers() + " layers");
        }
        info.cache().windows().stream().filter(window -> window > 0).distinct().sorted().forEach(this::window);
        if (info.cache().sharedElementsPerPosition() > 0) {
            long bytes = (long) info.cache().sharedElementsPerPosition() * Float.BYTES;
            line("shared: %s per position, once for all sessions and layers", Sizes.of(bytes));
        }
    }

    private void window(int window) {
        int kept = ModelInfo.Cache.keptTokens(window, Integer.MAX_VALUE);
        line("window: %s tokens in %d layers, which keep at most %s", Sizes.count(window),
                Collections.frequency(info.cache().windows(), window), Sizes.count(kept));
        line("further tokens take %s each", Sizes.of(addedBytes(info, kept)));
    }

    private void entry(Entry entry, long max) {
        int longest = Math.clamp(width - ROW_WIDTH, 1, WIDEST_BAR);
        long bytes = bytes(entry);
        int bar = bytes == 0 ? 0 : Math.max(1, Math.toIntExact(Math.round((double) bytes / max * longest)));
        line(
                ROW + "%s", entry.name(), Sizes.count(entry.heads()),
                entry.parameters() == 0 ? "–" : Sizes.count(entry.parameters()),
                Sizes.of(entry.elementsPerToken() * CacheComparison.layers(info) * Float.BYTES), Sizes.of(bytes),
                "█".repeat(bar));
    }

    private long bytes(Entry entry) {
        return bytes(entry, info, context);
    }

    /** Returns the bytes of an f32 cache in all layers. */
    static long bytes(Entry entry, ModelInfo info, int context) {
        return entry.name().equals("model")
                ? info.cache().elements(context) * Float.BYTES + info.cache().stateBytes()
                : entry.elementsPerToken() * CacheComparison.layers(info) * Float.BYTES * context;
    }

    /** Returns the bytes that a token adds to an f32 cache of {@code tokens} tokens, less those that windows drop. */
    static long addedBytes(ModelInfo info, int tokens) {
        return (info.cache().elements(tokens + 1) - info.cache().elements(tokens)) * Float.BYTES;
    }

    /** Prints a line without control characters: names come from files. */
    private void line(String format, Object... values) {
        Object[] printable = Arrays.stream(values)
                .map(value -> value instanceof String text ? Text.printable(text, Integer.MAX_VALUE) : value)
                .toArray();
        lines.add(String.format(Locale.ROOT, format, printable).stripTrailing());
    }
}
