package io.github.t6j.cli;

import io.github.t6j.ModelFormatException;
import io.github.t6j.RopeVariant;
import io.github.t6j.cli.NewFolder.Content;
import io.github.t6j.family.AsTensorProduct;
import io.github.t6j.family.GgufNames;
import io.github.t6j.family.LlamaFamily;
import io.github.t6j.family.T6Family;
import io.github.t6j.family.VariantJson;
import io.github.t6j.json.Json;
import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.weights.Checkpoint;
import io.github.t6j.weights.CopiedFile;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.LazyTensor;
import io.github.t6j.weights.SmallFile;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.TensorReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** {@code t6j convert}: any checkpoint to one safetensors file in a folder that says what the model is. */
@Command(
        name = "convert",
        description = "Converts a checkpoint to a folder with config.json, tokenizer, model.safetensors and t6j.json.",
        footer = {
            "",
            "Examples:",
            "  t6j convert official-checkpoint converted --dtype bf16",
            "  t6j convert ckpt.pt converted --config config.json",
            "  t6j convert llama-gqa gqa-as-tpa --as tpa"
        })
final class ConvertCommand implements Callable<Integer> {
    private static final String CONFIG = "config.json";

    @ParentCommand
    private Main main;

    @Parameters(index = "0", paramLabel = "SRC", description = "A folder in Hugging Face layout, or one weight file.")
    private Path source;

    @Parameters(index = "1", paramLabel = "DST", description = "The folder to make, new or empty.")
    private Path destination;

    @Option(names = "--dtype", paramLabel = "D",
            description = "Type of the matrices: f32, f16, bf16, q8_0 or q4_0; vectors stay as they are (default: all stay).")
    private DType dtype;

    @Option(names = "--config", paramLabel = "FILE",
            description = "The model's config.json (default: the one beside SRC).")
    private Path config;

    @Option(names = "--variant", paramLabel = "NAME", description = "What the files cannot say: " + RopeVariant.WORDS
            + " (default: what t6j.json or config.json say).")
    private RopeVariant variant;

    /** What a model can be rewritten as. */
    enum As {
        TPA
    }

    @Option(names = "--as", paramLabel = "FORM",
            description = "tpa: MHA, GQA or MQA as tensor product attention with fixed head factors, which gives the "
                    + "same (default: as it is).")
    private As as;

    @Override
    public Integer call() throws IOException {
        NewFolder.check(destination);
        if (!Files.exists(source)) {
            throw new CommandFailure(source + ": expected a model's folder or a weight file, found nothing");
        }
        Path folder = ModelFolder.folderOf(source);
        Map<String, Content> files = new LinkedHashMap<>();
        VariantJson said = VariantFile.read(folder);
        VariantFile.noteOther(main, variant, said, folder);
        try (Checkpoint checkpoint = Checkpoint.open(source, true)) {
            GgufNames gguf = checkpoint.gguf().isEmpty() ? null : new GgufNames(checkpoint, source.toString());
            Map<String, Object> keys = gguf == null || config != null ? configKeys(folder, files) : gguf.config();
            addOthers(folder, files);
            if (gguf != null) {
                addTokenizer(checkpoint, files);
            }
            Map<Path, Long> sizes = sizes(checkpoint.files());
            try {
                convert(checkpoint, gguf, keys, VariantFile.resolve(variant, said, folder, keys), files);
                NewFolder.noteMade(main, destination, sizes.values().stream().mapToLong(size -> size).sum());
            } catch (InternalError fault) { // what the JVM says when a mapped file ends before its place is read
                throw new CommandFailure(shrunk(sizes) + ": cut short while it was read: convert it when nothing writes"
                        + " to it", fault);
            }
        }
        return Main.DONE;
    }

    /** The keys of config.json, which is to be copied if nothing of it changes. */
    private Map<String, Object> configKeys(Path folder, Map<String, Content> files) {
        Path configFile = config == null ? folder.resolve(CONFIG) : config;
        if (!Files.exists(configFile)) {
            throw new CommandFailure(configFile + ": expected the model's config.json, found nothing: "
                    + "give it by --config FILE");
        }
        byte[] bytes = config == null
                ? CopiedFile.read(folder, CONFIG, SmallFile.CONFIG)
                : SmallFile.read(configFile, SmallFile.CONFIG);
        files.put(CONFIG, file -> Files.write(file, bytes));
        return Json.parseObject(bytes, configFile.toString());
    }

    private void convert(Checkpoint checkpoint, GgufNames gguf, Map<String, Object> keys, VariantJson json,
            Map<String, Content> files) {
        Map<String, Tensor> byName = new LinkedHashMap<>(gguf == null ? checkpoint.tensors() : gguf.tensors());
        warn(checkpoint.turnedTypes(), byName.values());
        boolean llama = LlamaFamily.recognises(byName.keySet());
        AsTensorProduct model = llama ? llama(byName, keys, json) : official(byName, keys, json);
        TensorReader reader = gguf == null ? checkpoint : gguf;
        List<LazyTensor> tensors = new ArrayList<>();
        model.tensors().forEach((name, tensor) -> tensors.add(WeightFile.converted(name, tensor, dtype, reader)));
        if (dtype != null || as != null || gguf != null) {
            byte[] made = config(model.config());
            files.put(CONFIG, file -> Files.write(file, made));
        }
        boolean tied = !llama && !byName.containsKey(T6Family.EMBEDDING_NAME);
        files.put(VariantFile.NAME, file -> VariantFile.write(file, model.variant()));
        files.put(WeightFile.NAME, file -> WeightFile.write(file, tensors, tied, main));
        NewFolder.create(main, destination, files);
    }

    /** What becomes of types that are not kept; one that has lost something loses more when it is made another that loses. */
    private void warn(Set<DType> turned, Collection<Tensor> tensors) {
        if (!turned.isEmpty()) {
            String types = turned.stream().map(DType::name).collect(Collectors.joining(", "));
            String then = dtype == null || dtype == DType.Q8_0
                    ? ""
                    : ", and then into " + dtype.name().toLowerCase(Locale.ROOT);
            main.note("note: weights of the types " + types + " are turned into q8_0" + then);
        }
        if (dtype == DType.Q4_0 && tensors.stream().anyMatch(tensor -> tensor.dtype().loaded() == DType.Q8_0)) {
            main.note("note: weights of q8_0 are rounded a second time, to q4_0: of the weights that they were made of"
                    + " q4_0 is closer, if you have them");
        }
    }

    private AsTensorProduct official(Map<String, Tensor> byName, Map<String, Object> keys, VariantJson json) {
        T6Family.tieEmbedding(byName);
        return as == As.TPA ? AsTensorProduct.of(byName, keys, json) : new AsTensorProduct(byName, keys, json);
    }

    /** Its whole heads are the factors, so that no weight changes. */
    private AsTensorProduct llama(Map<String, Tensor> byName, Map<String, Object> keys, VariantJson json) {
        return new AsTensorProduct(byName, keys, as == As.TPA ? json.with("heads", "factors") : json);
    }

    private static Map<Path, Long> sizes(List<Path> files) throws IOException {
        Map<Path, Long> sizes = new LinkedHashMap<>();
        for (Path file : files) {
            sizes.put(file, Files.size(file));
        }
        return sizes;
    }

    /** The first file that is shorter than it was. */
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

    /** The tokenizer in a GGUF file, in place of one beside it: loading the file prefers it, too. */
    private void addTokenizer(Checkpoint checkpoint, Map<String, Content> files) {
        try {
            Map<String, byte[]> made = Tokenizer.filesOfGguf(checkpoint.gguf(), source.toString());
            made.forEach((name, bytes) -> files.put(name, file -> Files.write(file, bytes)));
        } catch (ModelFormatException unknown) {
            main.note("note: the tokenizer in the GGUF file is not written: " + unknown.getMessage()
                    + ": copy the model's tokenizer.json to " + destination);
        }
    }

    /** The tokenizer, and what the model says of sampling and of the ids that end a text. */
    private static void addOthers(Path folder, Map<String, Content> files) {
        for (Map<String, byte[]> copied : List.of(CopiedFile.tokenizer(folder), CopiedFile.generation(folder))) {
            copied.forEach((name, bytes) -> files.put(name, file -> Files.write(file, bytes)));
        }
    }
}
