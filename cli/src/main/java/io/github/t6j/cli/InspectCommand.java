package io.github.t6j.cli;

import io.github.t6j.Model;
import io.github.t6j.ModelInfo;
import io.github.t6j.weights.Checkpoint;
import io.github.t6j.weights.Json;
import io.github.t6j.weights.Tensor;
import java.util.ArrayList;
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
                main.out.print(Json.write(description));
            } else {
                print(description, model.info());
            }
        }
        return Main.DONE;
    }

    private Map<String, Object> describe(ModelInfo info) {
        Map<String, Object> description = new LinkedHashMap<>();
        description.put("variant", info.variant());
        description.put("parameters", info.parameters());
        description.put("layers", info.layers());
        description.put("n_embd", info.width());
        description.put("heads", info.heads());
        description.put("head_dim", info.headDim());
        description.put("kv_heads", info.keyValueHeads());
        description.put("q_rank", info.queryRank());
        description.put("k_rank", info.keyRank());
        description.put("v_rank", info.valueRank());
        description.put("hidden", info.hidden());
        description.put("vocabulary", info.vocabularySize());
        description.put("block_size", info.contextLength());
        description.put("groupnorm", info.groupNorm());
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
        Map<String, Object> cache = new LinkedHashMap<>();
        CacheSize.perTokenAndLayer(info).forEach((attention, numbers) -> {
            Map<String, Object> sizes = new LinkedHashMap<>();
            sizes.put("numbers_per_token_per_layer", numbers);
            sizes.put("bytes_per_token", numbers * info.layers() * Float.BYTES);
            cache.put(attention, sizes);
        });
        return cache;
    }

    /** What a position takes once, however many sessions and layers there are. */
    private static Map<String, Object> shared(ModelInfo info) {
        Map<String, Object> shared = new LinkedHashMap<>();
        shared.put("numbers_per_position", info.sharedNumbersPerPosition());
        shared.put("bytes_per_position", info.sharedNumbersPerPosition() * Float.BYTES);
        return shared;
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
        line("%ncache        numbers per token and layer, bytes per token (f32, %d layers)", info.layers());
        CacheSize.perTokenAndLayer(info).forEach((attention, numbers) -> line(
                "  %-10s %10d %12d", attention, numbers, numbers * info.layers() * Float.BYTES));
        if (info.sharedNumbersPerPosition() > 0) {
            line("%nshared       %d numbers per position (f32), once for all sessions and layers: rotated B, or RoPE's "
                    + "tables", info.sharedNumbersPerPosition());
        }
        if (description.get("tensors") instanceof List<?> list) {
            line("");
            list.forEach(tensor -> {
                Map<String, Object> fields = Json.object(tensor, "tensor");
                line("%-5s %-16s %s", fields.get("dtype"), fields.get("shape"), fields.get("name"));
            });
        }
    }

    private void line(String format, Object... values) {
        main.out.println(String.format(Locale.ROOT, format, values));
    }
}
