package io.github.t6j.cli.models;

import io.github.t6j.ModelFormatException;
import io.github.t6j.ModelOptions.Adapter;
import io.github.t6j.RopeVariant;
import io.github.t6j.cli.Main;
import io.github.t6j.cli.gguf.GgufExport;
import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.cli.io.NewFolder;
import io.github.t6j.cli.io.NewFolder.Content;
import io.github.t6j.family.ConfigJson;
import io.github.t6j.family.EmbeddingJson;
import io.github.t6j.family.Family;
import io.github.t6j.family.ModelMetadata;
import io.github.t6j.family.TensorProductConversion;
import io.github.t6j.family.VariantJson;
import io.github.t6j.family.VariantName;
import io.github.t6j.family.gguf.GgufNames;
import io.github.t6j.family.llama.LlamaFamily;
import io.github.t6j.family.lora.Adapters;
import io.github.t6j.family.olala.OlalaFamily;
import io.github.t6j.family.registry.Families;
import io.github.t6j.family.t6.T6Family;
import io.github.t6j.json.Json;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.NamedTensors;
import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.tokenizer.json.TokenizerFiles;
import io.github.t6j.weights.ConvertedMatrices;
import io.github.t6j.weights.CopiedFile;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.LazyTensor;
import io.github.t6j.weights.SmallFile;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.TensorReader;
import io.github.t6j.weights.checkpoint.Checkpoint;
import io.github.t6j.weights.safetensors.Safetensors;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code t6j convert}: converts any checkpoint to one safetensors file, in a folder that describes the model. */
@Command(
        name = "convert",
        description = {"Converts a checkpoint to a folder in Hugging Face layout.",
            "The folder gets config.json, the tokenizer, model.safetensors and t6j.json."},
        footer = {
            "",
            "Examples:",
            "  t6j convert official-checkpoint converted --dtype bf16",
            "  t6j convert ckpt.pt converted --config config.json",
            "  t6j convert llama-gqa gqa-as-tpa --as tpa",
            "  t6j convert llama merged --adapter my-lora",
            "  t6j convert llama --to-gguf llama-q8_0.gguf --dtype q8_0"
        })
public final class ConvertCommand implements Callable<Integer> {
    private static final String CONFIG = "config.json";

    @ParentCommand
    private Main main;

    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "SRC", description = "Folder in Hugging Face layout, or one weight file.")
    private Path source;

    @Parameters(index = "1", arity = "0..1", paramLabel = "DST", description = "Folder to create, new or empty.")
    private Path destination;

    @Option(names = "--to-gguf", paramLabel = "FILE",
            description = {"Write a GGUF file for llama.cpp instead of DST: a model of Llama, Mistral, Mixtral, Qwen 2",
                "or 3, SmolLM3, Granite, Phi-3 or 4, or Gemma 2 or 3."})
    private Path gguf;

    @Option(names = "--dtype", paramLabel = "D",
            description = {"Type of the matrices: f32, f16, bf16, q8_0, q6_k, q5_k, q4_k or q4_0.",
                "Vectors and the routers of experts keep their type",
                "(default: all matrices keep theirs)."})
    private DType dtype;

    @Option(names = "--config", paramLabel = "FILE",
            description = "The model's config.json (default: the file next to SRC).")
    private Path config;

    @Option(names = "--variant", paramLabel = "NAME", description = {"RoPE variant: " + VariantName.ALL,
        "(default: from t6j.json or config.json)."})
    private RopeVariant variant;

    @Mixin
    private AdapterArguments adapters;

    /** Forms that a model can be rewritten in. */
    public enum As {
        TPA
    }

    @Option(names = "--as", paramLabel = "FORM",
            description = {"Form of the new model.",
                "tpa: MHA, GQA or MQA as tensor product attention with fixed head factors, with the same results",
                "(default: the form of the source)."})
    private As as;

    @Override
    public Integer call() throws IOException {
        checkDestination();
        if (!Files.exists(source)) {
            throw new CommandFailure(source + ": expected a model's folder or a weight file, found no such file");
        }
        Path folder = ModelFolder.folderOf(source);
        Map<String, Content> files = new LinkedHashMap<>();
        VariantJson stored = VariantFile.read(folder);
        VariantFile.noteOther(main, variant, stored, folder);
        try (Checkpoint checkpoint = Checkpoint.open(source, true); Adapters opened = new Adapters(true)) {
            adapters.adapters(main).forEach(adapter -> opened.add(adapter.folder(), adapter.scale()));
            GgufNames names = checkpoint.gguf().isEmpty() ? null : new GgufNames(checkpoint, source.toString());
            if (checkpoint.tensors().containsKey(GgufNames.CLASSIFIER)) {
                throw new CommandFailure(source + ": expected a model without a classification head, found "
                        + GgufNames.CLASSIFIER + ": convert the folder that the GGUF file was made from");
            }
            boolean inFile = names != null && config == null;
            Map<String, Object> keys = inFile ? names.config() : configKeys(folder, files);
            VariantJson json = inFile ? GgufNames.variant(stored, keys) : stored;
            addOthers(folder, files);
            if (names != null) {
                addTokenizer(checkpoint, files);
                addGeneration(names, files);
                add(EmbeddingJson.filesOfGguf(checkpoint.gguf(), (Long) names.config().get("hidden_size")), files);
            }
            addChat(adapters.adapters(main), files);
            Map<Path, Long> sizes = sizes(checkpoint.files());
            try {
                convert(checkpoint, names, opened, keys, VariantFile.resolve(variant, json, folder, keys), files);
                if (gguf == null) {
                    NewFolder.noteMade(main, destination, sizes.values().stream().mapToLong(size -> size).sum());
                }
            } catch (InternalError fault) { // the JVM's error for reading past the end of a mapped file
                throw new CommandFailure(shrunk(sizes) + ": expected an unchanged file, found that another program cut"
                        + " it short: convert it when no program writes to it", fault);
            }
        }
        return Main.DONE;
    }

    private void checkDestination() {
        if (destination != null && gguf == null && destination.toString().toLowerCase(Locale.ROOT).endsWith(".gguf")) {
            throw new ParameterException(spec.commandLine(), "DST: expected a folder to create, found " + destination
                    + "; --to-gguf " + destination + " writes a GGUF file");
        }
        if ((destination == null) == (gguf == null)) {
            throw new ParameterException(spec.commandLine(), "expected DST or --to-gguf FILE, found "
                    + (gguf == null ? "neither" : "both"));
        }
        if (gguf == null) {
            NewFolder.check(destination);
            return;
        }
        if (as != null) {
            throw new ParameterException(spec.commandLine(), "--as: expected no --to-gguf, found both");
        }
        Safetensors.checkWritable(gguf);
    }

    /** Returns the keys of config.json, and adds a copy of it to {@code files}. */
    private Map<String, Object> configKeys(Path folder, Map<String, Content> files) {
        Path configFile = config == null ? folder.resolve(CONFIG) : config;
        if (!Files.exists(configFile)) {
            throw new CommandFailure(configFile + ": expected the model's config.json, found no such file: "
                    + "name it with --config FILE");
        }
        byte[] bytes = config == null
                ? CopiedFile.read(folder, CONFIG, SmallFile.CONFIG)
                : SmallFile.read(configFile, SmallFile.CONFIG);
        files.put(CONFIG, file -> Files.write(file, bytes));
        return Json.parseObject(bytes, configFile.toString());
    }

    private void convert(Checkpoint checkpoint, GgufNames names, Adapters opened, Map<String, Object> keys,
            VariantJson json, Map<String, Content> files) {
        Map<String, Tensor> byName = new LinkedHashMap<>(
                NamedTensors.byExpert(names == null ? checkpoint.tensors() : names.tensors(), source.toString()));
        ConvertedMatrices.notes(byName.values(), dtype).forEach(note -> main.note("note: " + note));
        Family family = Families.of(new NamedTensors(byName, source.toString()));
        boolean llama = family instanceof LlamaFamily || family instanceof OlalaFamily; // config.json says what is tied
        if (as != null && family instanceof OlalaFamily) {
            throw new CommandFailure(source + ": --as: expected none for an Olala model, whose keys and values are"
                    + " factors already");
        }
        TensorProductConversion model = llama ? llama(byName, keys, json) : official(byName, keys, json);
        NamedTensors named = new NamedTensors(byName, source.toString(), names == null ? checkpoint : names);
        NamedTensors converted = named.converted(dtype, family::keepsType);
        NamedTensors merged = merged(named, converted, opened, keys, json);
        if (gguf != null) {
            writeGguf(checkpoint, named, merged, keys, json);
            return;
        }
        TensorReader reader = merged.reader();
        List<LazyTensor> tensors = new ArrayList<>();
        model.tensors().forEach((name, tensor) -> tensors.add(WeightFile.converted(name, tensor, reader)));
        if (dtype != null || as != null || names != null) {
            byte[] made = config(model.config());
            files.put(CONFIG, file -> Files.write(file, made));
        }
        boolean tied = !llama && !byName.containsKey(T6Family.EMBEDDING_NAME);
        files.put(VariantFile.NAME, file -> VariantFile.write(file, model.variant()));
        files.put(WeightFile.NAME, file -> WeightFile.write(file, tensors, tied, main));
        NewFolder.create(main, destination, files);
    }

    private void writeGguf(Checkpoint checkpoint, NamedTensors stored, NamedTensors converted,
            Map<String, Object> keys, VariantJson json) {
        ConfigJson described = new ConfigJson(keys, source.toString());
        GgufExport export = new GgufExport(described,
                Families.describe(stored, new ModelMetadata(described, json, null)), converted);
        Path folder = ModelFolder.folderOf(source);
        boolean hasTokenizer = TokenizerFiles.existIn(folder);
        if (checkpoint.gguf().isEmpty() && !hasTokenizer) {
            main.note("note: no tokenizer: llama.cpp reads this file, but no text");
        }
        Map<String, Object> tokenizer = checkpoint.gguf().isEmpty()
                ? export.tokenizer(CopiedFile.tokenizer(folder), hasTokenizer ? Tokenizer.load(folder) : null)
                : GgufExport.tokenizer(checkpoint.gguf());
        export.write(gguf, folder.toAbsolutePath().normalize().getFileName().toString(), tokenizer, main);
    }

    /** Returns the converted tensors with the adapters' changes. */
    private NamedTensors merged(NamedTensors named, NamedTensors converted, Adapters opened,
            Map<String, Object> keys, VariantJson json) {
        if (opened.isEmpty()) {
            return converted; // without reading what the model is
        }
        ModelConfig described =
                Families.describe(named, new ModelMetadata(new ConfigJson(keys, source.toString()), json, null));
        NamedTensors merged = opened.merged(named, converted, Families.tensors(described));
        opened.notes(dtype).forEach(note -> main.note("note: " + note));
        return merged;
    }

    private TensorProductConversion official(Map<String, Tensor> byName, Map<String, Object> keys, VariantJson json) {
        Families.tieEmbedding(byName);
        return as == As.TPA
                ? TensorProductConversion.of(byName, keys, json)
                : new TensorProductConversion(byName, keys, json);
    }

    /** Rewrites Llama's attention, whose whole heads become the factors, so that no weight changes. */
    private TensorProductConversion llama(Map<String, Tensor> byName, Map<String, Object> keys, VariantJson json) {
        return new TensorProductConversion(byName, keys, as == As.TPA ? json.with("heads", "factors") : json);
    }

    private static Map<Path, Long> sizes(List<Path> files) throws IOException {
        Map<Path, Long> sizes = new LinkedHashMap<>();
        for (Path file : files) {
            sizes.put(file, Files.size(file));
        }
        return sizes;
    }

    /** Returns the first file that is shorter than before, or else the source. */
    private Path shrunk(Map<Path, Long> sizes) throws IOException {
        for (Map.Entry<Path, Long> file : sizes.entrySet()) {
            if (!Files.exists(file.getKey()) || Files.size(file.getKey()) < file.getValue()) {
                return file.getKey();
            }
        }
        return source;
    }

    private byte[] config(Map<String, Object> keys) {
        Map<String, Object> changed = new LinkedHashMap<>(keys);
        if (dtype != null) {
            changed.put(keys.containsKey("dtype") ? "dtype" : "torch_dtype", WeightFile.torchName(dtype));
        }
        return Json.write(changed).getBytes(StandardCharsets.UTF_8);
    }

    /** Adds the tokenizer inside a GGUF file, which takes precedence over one next to it, as in loading. */
    private void addTokenizer(Checkpoint checkpoint, Map<String, Content> files) {
        try {
            add(TokenizerFiles.filesOfGguf(checkpoint.gguf(), source.toString()), files);
        } catch (ModelFormatException unknown) {
            main.note("note: the tokenizer inside the GGUF file is not converted: " + unknown.getMessage()
                    + ": copy the model's tokenizer.json to " + destination);
        }
    }

    /** Adds the sampling options of a GGUF file, unless there is a generation_config.json next to it. */
    private static void addGeneration(GgufNames gguf, Map<String, Content> files) {
        if (!gguf.generation().isEmpty()) {
            byte[] made = Json.write(gguf.generation()).getBytes(StandardCharsets.UTF_8);
            files.putIfAbsent("generation_config.json", file -> Files.write(file, made));
        }
    }

    /** Adds the tokenizer, generation_config.json and the files that state the pooling of embeddings. */
    private static void addOthers(Path folder, Map<String, Content> files) {
        add(CopiedFile.tokenizer(folder), files);
        add(CopiedFile.generation(folder), files);
        add(CopiedFile.embedding(folder), files);
        add(CopiedFile.toolTemplate(folder), files);
    }

    /** Adds the last chat template of the adapters, which other commands use with {@code --adapter}, and its files. */
    private static void addChat(List<Adapter> adapters, Map<String, Content> files) {
        adapters.reversed().stream().map(adapter -> CopiedFile.chat(adapter.folder()))
                .filter(chat -> !chat.isEmpty()).findFirst().ifPresent(chat -> add(chat, files));
    }

    private static void add(Map<String, byte[]> copied, Map<String, Content> files) {
        copied.forEach((name, bytes) -> files.put(name, file -> Files.write(file, bytes)));
    }
}
