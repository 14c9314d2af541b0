package io.github.t6j.cli;

import io.github.t6j.RopeVariant;
import io.github.t6j.family.AsTensorProduct;
import io.github.t6j.family.T6Family;
import io.github.t6j.family.VariantJson;
import io.github.t6j.json.Json;
import io.github.t6j.weights.Checkpoint;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.LazyTensor;
import io.github.t6j.weights.Tensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
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
            "  t6j convert ckpt.pt converted --config config.json --variant partialrope",
            "  t6j convert llama-gqa gqa-as-tpa --as tpa"
        })
final class ConvertCommand implements Callable<Integer> {
    private static final List<String> TOKENIZER_FILES = List.of(
            "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
            "vocab.json", "merges.txt", "encoder.json", "vocab.bpe");

    @ParentCommand
    private Main main;

    @Parameters(index = "0", paramLabel = "SRC", description = "A folder in Hugging Face layout, or one weight file.")
    private Path source;

    @Parameters(index = "1", paramLabel = "DST", description = "The folder to make, new or empty.")
    private Path destination;

    @Option(names = "--dtype", paramLabel = "D",
            description = "Type of the weights: f32, f16 or bf16; q8_0 or q4_0 of the matrices, f32 of the rest "
                    + "(default: as they are).")
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
        NewFolder.checkEmpty(destination);
        if (!Files.exists(source)) {
            throw new CommandFailure(source + ": expected a model's folder or a weight file, found nothing");
        }
        Path folder = Files.isDirectory(source) ? source : source.toAbsolutePath().getParent();
        Path configFile = config == null ? folder.resolve("config.json") : config;
        if (!Files.exists(configFile)) {
            throw new CommandFailure(configFile + ": expected the model's config.json, found nothing: "
                    + "give it by --config FILE");
        }
        byte[] configBytes = Text.readAll(configFile);
        Map<String, Object> keys = Json.parseObject(configBytes, configFile.toString());
        VariantJson json = VariantFile.resolve(variant, VariantFile.read(folder), folder, keys);
        try (Checkpoint checkpoint = Checkpoint.open(source, true)) {
            Map<String, Tensor> byName = new LinkedHashMap<>(checkpoint.tensors());
            T6Family.tieEmbedding(byName);
            AsTensorProduct model = as == As.TPA
                    ? AsTensorProduct.of(byName, keys, json)
                    : new AsTensorProduct(byName, keys, json);
            List<LazyTensor> tensors = converted(model.tensors());
            byte[] madeConfig = dtype == null && as == null ? configBytes : config(model.config());
            NewFolder.create(destination, made -> {
                Files.write(made.resolve("config.json"), madeConfig);
                VariantFile.write(made, model.variant());
                copyTokenizer(folder, made);
                WeightFile.write(made.resolve(WeightFile.NAME), tensors, main);
            });
        }
        return Main.DONE;
    }

    private List<LazyTensor> converted(Map<String, Tensor> tensors) {
        List<LazyTensor> made = new ArrayList<>();
        tensors.forEach((name, tensor) -> made.add(WeightFile.converted(name, tensor, dtype)));
        return made;
    }

    private byte[] config(Map<String, Object> keys) {
        Map<String, Object> changed = new LinkedHashMap<>(keys);
        if (dtype != null) {
            changed.put(keys.containsKey("dtype") ? "dtype" : "torch_dtype", WeightFile.torchName(dtype));
        }
        return Json.write(changed).getBytes(StandardCharsets.UTF_8);
    }

    private static void copyTokenizer(Path from, Path to) throws IOException {
        for (String name : TOKENIZER_FILES) {
            if (Files.exists(from.resolve(name))) {
                Files.copy(from.resolve(name), to.resolve(name));
            }
        }
    }
}
