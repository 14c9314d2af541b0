package io.github.t6j.cli.models;

import io.github.t6j.Model;
import io.github.t6j.ModelInfo;
import io.github.t6j.SessionOptions;
import io.github.t6j.cli.Main;
import io.github.t6j.cli.bench.CacheComparison;
import io.github.t6j.cli.bench.CacheComparison.Entry;
import io.github.t6j.cli.bench.HugePages;
import io.github.t6j.cli.evaluate.Choice;
import io.github.t6j.cli.io.Errors;
import io.github.t6j.cli.io.Range;
import io.github.t6j.cli.io.Text;
import io.github.t6j.json.Json;
import io.github.t6j.weights.NativeMemory;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.checkpoint.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code t6j inspect}: describes a model. */
@Command(
        name = "inspect",
        description = {"Describes a model: family, attention, sizes, files, assumptions.",
            "Compares the size of its cache with other kinds of attention."},
        footer = {
            "",
            "Examples:",
            "  t6j inspect",
            "  t6j inspect -m DIR --tensors",
            "  t6j inspect -m DIR -c 65536",
            "  t6j inspect -m DIR --json"
        })
public final class InspectCommand implements Callable<Integer> {
    @ParentCommand
    private Main main;

    @Mixin
    private ModelParameter argument;

    @Mixin
    private ModelArguments arguments;

    @Option(names = "--tensors", description = "List names, types and shapes of all tensors in the files.")
    private boolean tensors;

    @Option(names = {"-c", "--context"}, paramLabel = "N",
            description = {"Show the cache size for N tokens, and the memory that a session of N tokens needs",
                "(default: the model's block_size, without the memory)."})
    private Integer context;

    @Spec
    private CommandSpec spec;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Override
    public Integer call() {
        arguments.check(argument);
        if (context != null) {
            Range.atLeast(spec, "--context", context, 1);
        }
        try (Model model = arguments.load()) {
            int tokens = context == null ? model.info().sizes().contextLength() : context;
            Map<String, Object> description = describe(model, tokens);
            if (json) {
                main.out.print(Text.printableLines(Json.write(description)));
            } else {
                new InspectReport(model.info(), tokens, main.width()).lines(description, context != null)
                        .forEach(main.out::println);
            }
        }
        return Main.DONE;
    }

    private static Map<String, Object> memory(Model model, int tokens) {
        Map<String, Object> memory = new LinkedHashMap<>();
        memory.put("context", tokens);
        memory.put("weights_bytes", model.weightBytes());
        memory.put("active_weights_bytes", model.activeWeightBytes());
        memory.put("huge_pages_bytes", model.hugePageBytes());
        for (SessionOptions.CacheType type : SessionOptions.CacheType.values()) {
            SessionOptions options = SessionOptions.defaults().withContextLength(tokens).withCacheType(type);
            memory.put("session_bytes_" + Choice.word(type), model.sessionBytes(options).total());
        }
        memory.put("available_bytes", NativeMemory.available());
        return memory;
    }

    private Map<String, Object> describe(Model model, int tokens) {
        ModelInfo info = model.info();
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
        for (String name : List.of(
                "kv_heads", "q_rank", "k_rank", "v_rank", "q_lora_rank", "kv_lora_rank", "qk_rope_dim")) {
            description.put(name, attention.sizes().getOrDefault(name, 0));
        }
        description.put("v_head_dim", attention.valueDim());
        description.put("hidden", sizes.hidden());
        description.put("experts", info.experts().count());
        description.put("experts_used", info.experts().used());
        description.put("expert_hidden", info.experts().hidden());
        description.put("vocabulary", sizes.vocabulary());
        description.put("block_size", sizes.contextLength());
        description.put("groupnorm", attention.headNorm());
        description.put("weights", info.weightFormat());
        description.put("weights_type", model.weightType());
        description.put("file_bytes", fileBytes());
        description.put("huge_pages", HugePages.of(model));
        description.put("tokenizer", tokenizer(model));
        description.put("chat_template", ModelDetails.template(model));
        description.put("rope", ModelDetails.rope(arguments.path(), info.family()));
        description.put("kernels", info.kernels());
        description.put("assumptions", info.assumptions());
        description.put("cache", cache(info, tokens));
        description.put("shared", shared(info));
        description.put("memory", memory(model, tokens));
        if (tensors) {
            description.put("tensors", storedTensors());
        }
        return description;
    }

    private static Map<String, Object> tokenizer(Model model) {
        if (!model.hasTokenizer()) {
            return null;
        }
        Map<String, Object> tokenizer = new LinkedHashMap<>();
        tokenizer.put("ids", model.tokenizer().size());
        tokenizer.put("end_ids", model.endIds().stream().sorted().toList());
        return tokenizer;
    }

    private long fileBytes() {
        try (Checkpoint checkpoint = Checkpoint.open(arguments.path(), true)) {
            long bytes = 0;
            for (Path file : checkpoint.files()) {
                bytes += Files.size(file);
            }
            return bytes;
        } catch (IOException e) {
            throw Errors.failure(arguments.path(), "cannot be read", e);
        }
    }

    private static Map<String, Object> cache(ModelInfo info, int tokens) {
        CacheComparison comparison = CacheComparison.of(info);
        int layers = CacheComparison.layers(info);
        Map<String, Object> cache = new LinkedHashMap<>();
        cache.put("type", "f32");
        cache.put("model", sizes(comparison.model(), layers));
        cache.put("equal_heads", sizes(comparison.equalHeads(), layers));
        cache.put("equal_parameters", sizes(comparison.equalParameters(), layers));
        if (info.cache().stateLayers() > 0) {
            cache.put("state", Map.of(
                    "numbers_per_layer", info.cache().stateElements(), "layers", info.cache().stateLayers(), "bytes",
                    info.cache().stateBytes()));
        }
        cache.put("windows", windows(info));
        cache.put("context", tokens);
        cache.put("model_bytes", InspectReport.bytes(comparison.model(), info, tokens));
        cache.put("equal_heads_bytes", bytes(comparison.equalHeads(), info, tokens));
        cache.put("equal_parameters_bytes", bytes(comparison.equalParameters(), info, tokens));
        return cache;
    }

    /** Returns the windows, and the bytes that a token beyond each takes. */
    private static List<Map<String, Object>> windows(ModelInfo info) {
        List<Map<String, Object>> windows = new ArrayList<>();
        info.cache().windows().stream().filter(window -> window > 0).distinct().sorted().forEach(window -> {
            int kept = ModelInfo.Cache.keptTokens(window, Integer.MAX_VALUE);
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("tokens", window);
            fields.put("layers", Collections.frequency(info.cache().windows(), window));
            fields.put("kept_tokens", kept);
            fields.put("bytes_per_token_beyond", InspectReport.addedBytes(info, kept));
            windows.add(fields);
        });
        return windows;
    }

    /** Returns the bytes that a position takes once, for all sessions and layers. */
    private static Map<String, Object> shared(ModelInfo info) {
        Map<String, Object> shared = new LinkedHashMap<>();
        shared.put("numbers_per_position", info.cache().sharedElementsPerPosition());
        shared.put("bytes_per_position", info.cache().sharedElementsPerPosition() * Float.BYTES);
        return shared;
    }

    private static Map<String, Object> bytes(List<Entry> entries, ModelInfo info, int tokens) {
        Map<String, Object> bytes = new LinkedHashMap<>();
        entries.forEach(entry -> bytes.put(entry.name(), InspectReport.bytes(entry, info, tokens)));
        return bytes;
    }

    private static Map<String, Object> sizes(List<Entry> entries, int layers) {
        Map<String, Object> sizes = new LinkedHashMap<>();
        entries.forEach(entry -> sizes.put(entry.name(), sizes(entry, layers)));
        return sizes;
    }

    private static Map<String, Object> sizes(Entry entry, int layers) {
        Map<String, Object> sizes = new LinkedHashMap<>();
        sizes.put("heads", entry.heads());
        sizes.put("attention_parameters_per_layer", entry.parameters() == 0 ? null : entry.parameters());
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
}
