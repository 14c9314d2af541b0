package io.github.t6j.cli;

import io.github.t6j.Model;
import io.github.t6j.ModelInfo;
import io.github.t6j.cli.CacheComparison.Entry;
import io.github.t6j.json.Json;
import io.github.t6j.weights.Checkpoint;
import io.github.t6j.weights.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code t6j inspect}: what a model is. */
@Command(
        name = "inspect",
        description = "Shows what a model is, what was assumed, and what its cache takes beside other attentions.",
        footer = {
            "",
            "Examples:",
            "  t6j inspect",
            "  t6j inspect --model DIR --tensors",
            "  t6j inspect --model DIR --json"
        })
final class InspectCommand implements Callable<Integer> {
    /** Sizes that some attention has: 0 where this one has none. */
    private static final List<String> SIZES =
            List.of("kv_heads", "q_rank", "k_rank", "v_rank", "q_lora_rank", "kv_lora_rank", "qk_rope_dim");

    @ParentCommand
    private Main main;

    @Mixin
    private ModelArguments arguments;

    @Option(names = "--tensors", description = "List the names, types and shapes of the tensors in the files.")
    private boolean tensors;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Override
    public Integer call() {
        arguments.check();
        try (Model model = arguments.load()) {
            Map<String, Object> description = describe(model.info());
            if (json) {
                main.out.print(Text.printableLines(Json.write(description)));
            } else {
                print(description, model.info());
            }
        }
        return Main.DONE;
    }

    private Map<String, Object> describe(ModelInfo info) {
        Map<String, Object> description = new LinkedHashMap<>();
        ModelInfo.Sizes sizes = info.sizes();
        ModelInfo.Attention attention = info.attention();
        description.put("family", info.family());
        description.put("variant", attention.name());
        description.put("parameters", sizes.parameters());
        description.put("layers", sizes.layers());
        description.put("n_embd", sizes.width());
        description.put("heads", attention.heads());
        description.put("head_dim", attention.headDim());
        SIZES.forEach(size -> description.put(size, attention.size(size)));
        description.put("v_head_dim", attention.valueDim());
        description.put("hidden", sizes.hidden());
        description.put("vocabulary", sizes.vocabulary());
        description.put("block_size", sizes.contextLength());
        description.put("groupnorm", attention.headNorm());
        description.put("weights", info.weightFormat());
        description.put("kernels", info.kernels());
        description.put("assumptions", info.assumptions());
        description.put("cache", cache(info));
        description.put("shared", shared(info));
        if (tensors) {
            description.put("tensors", storedTensors());
        }
        return description;
    }

    private static Map<String, Object> cache(ModelInfo info) {
        CacheComparison comparison = CacheComparison.of(info);
        int layers = info.sizes().layers();
        Map<String, Object> cache = new LinkedHashMap<>();
        cache.put("type", "f32");
        cache.put("model", sizes(comparison.model(), layers));
        cache.put("equal_heads", sizes(comparison.equalHeads(), layers));
        cache.put("equal_parameters", sizes(comparison.equalParameters(), layers));
        if (info.cache().stateElements() > 0) {
            cache.put("state", Map.of("numbers_per_layer", info.cache().stateElements(), "bytes", stateBytes(info)));
        }
        return cache;
    }

    /** What a position takes once, however many sessions and layers there are. */
    private static Map<String, Object> shared(ModelInfo info) {
        Map<String, Object> shared = new LinkedHashMap<>();
        shared.put("numbers_per_position", info.cache().sharedElementsPerPosition());
        shared.put("bytes_per_position", info.cache().sharedElementsPerPosition() * Float.BYTES);
        return shared;
    }

    /** Of linear attention, whatever the number of tokens. */
    private static long stateBytes(ModelInfo info) {
        return (long) info.cache().stateElements() * info.sizes().layers() * Float.BYTES;
    }

    private static Map<String, Object> sizes(List<Entry> entries, int layers) {
        Map<String, Object> sizes = new LinkedHashMap<>();
        entries.forEach(entry -> sizes.put(entry.name(), sizes(entry, layers)));
        return sizes;
    }

    private static Map<String, Object> sizes(Entry entry, int layers) {
        Map<String, Object> sizes = new LinkedHashMap<>();
        sizes.put("heads", entry.heads());
        sizes.put("attention_parameters_per_layer", entry.parameters());
        sizes.put("numbers_per_token_per_layer", entry.elementsPerToken());
        sizes.put("bytes_per_token_per_layer", entry.elementsPerToken() * Float.BYTES);
        sizes.put("bytes_per_token", entry.elementsPerToken() * layers * Float.BYTES);
        return sizes;
    }

    private List<Map<String, Object>> storedTensors() {
        List<Map<String, Object>> stored = new ArrayList<>();
        try (Checkpoint checkpoint = Checkpoint.open(arguments.path(), true)) {
            for (Tensor tensor : checkpoint.tensors().values()) {
                Map<String, Object> fields = new LinkedHashMap<>();
                fields.put("name", tensor.name());
                fields.put("dtype", tensor.dtype().name());
                fields.put("shape", tensor.shape());
                stored.add(fields);
            }
        }
        return stored;
    }

    private void print(Map<String, Object> description, ModelInfo info) {
        description.forEach((name, value) -> {
            if (!(value instanceof List<?>) && !(value instanceof Map<?, ?>)) {
                line("%-12s %s", name, value);
            }
        });
        info.assumptions().forEach(assumption -> line("%-12s %s", "assumed", assumption));
        printCache(CacheComparison.of(info), info);
        if (info.cache().stateElements() > 0) {
            line("  %-10s %10d %12d  (elements per layer, bytes, whatever the number of tokens)", "state",
                    info.cache().stateElements(), stateBytes(info));
        }
        if (info.cache().sharedElementsPerPosition() > 0) {
            line("  %-10s %10d %12d  (elements per position, bytes, once for all sessions and layers)", "shared",
                    info.cache().sharedElementsPerPosition(), info.cache().sharedElementsPerPosition() * Float.BYTES);
        }
        if (description.get("tensors") instanceof List<?> list) {
            line("");
            list.forEach(tensor -> {
                Map<String, Object> fields = Json.object(tensor, "tensor");
                line("%-5s %-16s %s", fields.get("dtype"), fields.get("shape"), fields.get("name"));
            });
        }
    }

    private void printCache(CacheComparison comparison, ModelInfo info) {
        line(
                "%n%-25s %6s %14s %14s %12s", "cache, f32, of a token", "heads", "parameters", "bytes/layer",
                "bytes in all");
        printCache(comparison.model(), info);
        line("equal heads (GQA with 4 key heads, MLA 512/256/32)");
        comparison.equalHeads().forEach(entry -> printCache(entry, info));
        line("equal attention parameters (heads of %d, GQA with 2 key heads, MLA 512/256/32)",
                info.attention().headDim());
        comparison.equalParameters().forEach(entry -> printCache(entry, info));
    }

    private void printCache(Entry entry, ModelInfo info) {
        long bytes = entry.elementsPerToken() * Float.BYTES;
        line(
                "  %-23s %6d %14d %14d %12d", entry.name(), entry.heads(), entry.parameters(), bytes,
                bytes * info.sizes().layers());
    }

    /** Names come from files. */
    private void line(String format, Object... values) {
        Object[] printable = Arrays.stream(values)
                .map(value -> value instanceof String text ? Text.printable(text, Integer.MAX_VALUE) : value)
                .toArray();
        main.out.println(String.format(Locale.ROOT, format, printable));
    }
}
