package io.github.t6j.cli.models;

import io.github.t6j.cli.Main;
import io.github.t6j.cli.io.NewFolder;
import io.github.t6j.cli.io.NewFolder.Content;
import io.github.t6j.family.NewModel;
import io.github.t6j.family.VariantJson;
import io.github.t6j.family.llama.LlamaPreset;
import io.github.t6j.family.olala.OlalaPreset;
import io.github.t6j.family.t6.T6Config;
import io.github.t6j.json.Json;
import io.github.t6j.model.TensorSpec;
import io.github.t6j.training.presets.Presets;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.LazyTensor;
import io.github.t6j.weights.SmallFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code t6j init}: writes a model with random weights. */
@Command(
        name = "init",
        description = {"Writes a model of a given shape with random weights.",
            "It is for benchmarks and has no tokenizer."},
        footer = {
            "",
            "Presets of the paper: t6-SIZE, t6-kvonly-SIZE, mha-SIZE, gqa-SIZE (2 KV heads), mqa-SIZE and mla-SIZE.",
            "SIZE is small (124M parameters), medium (353M), large (773M) or xl (1.5B).",
            "For training on a CPU, SIZE is nano (1.3M), micro (3.4M) or mini (7.3M).",
            "The smallest preset is tiny.",
            "Presets of the MLRA checkpoints, 2.9B parameters each: mlra-NAME.",
            "NAME is tpa, mha, gqa, mqa, gta, mfa, mla, gla-2, gla-4, mlra-2 or mlra-4.",
            "mlra-NAME-small is an eighth as wide.",
            "Presets of published models: smollm2-135m, qwen3-0.6b, gemma3-270m, gemma3-1b, phi-4-mini",
            "qwen3-30b-a3b (30.5B parameters) and olala-7a1b (6.8B; use --dtype q4_k or q5_k).",
            "olala-nano has 3.0M parameters.",
            "",
            "Examples:",
            "  t6j init --preset t6-small --out t6-small",
            "  t6j init --config config.json --out mine --dtype bf16",
            "  t6j init --preset tiny --variant-file t6j.json --out mine"
        })
public final class InitCommand implements Callable<Integer> {
    @ParentCommand
    private Main main;

    @Spec
    private CommandSpec spec;

    @ArgGroup(multiplicity = "1")
    private Shape shape;

    /** The shape: a preset or a config.json. */
    static final class Shape {
        @Option(names = "--preset", required = true, paramLabel = "NAME",
                completionCandidates = PresetNames.class,
                description = "Name of a shape, listed below.")
        private String preset;

        @Option(names = "--config", required = true, paramLabel = "FILE",
                description = "config.json with the shape: of T6 and its baselines, the Llama family or Olala.")
        private Path config;
    }

    @Option(names = "--attention", paramLabel = "NAME",
            description = {"Attention of --config: tpa, tpa-kvonly, mha, gqa or mla",
                "(default: mla if it has kv_lora_rank, gqa if group_size, tpa if rank and q_rank, tpa-kvonly if only "
                        + "rank, else mha)."})
    private T6Config.Attention attention;

    @Option(names = "--variant-file", paramLabel = "FILE",
            description = {"t6j.json with the properties that config.json lacks.",
                "These are fixed or shared factors, a third factor (of config.json's c_dim), the form of RoPE, and steps:",
                "shift, qkNorm, gate, gateActivation, gateOffset, groups, differential, scalableSoftmax, scale, softCap",
                "and slidingWindow.",
                "The file is copied to DIR."})
    private Path variantFile;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Folder to create, new or empty.")
    private Path out;

    @Option(names = "--seed", paramLabel = "S", defaultValue = "0",
            description = "Seed of the weights (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(names = "--dtype", paramLabel = "D", defaultValue = "f32",
            description = {"Type of the weights: f32, f16, bf16, q8_0, q6_k, q5_k, q4_k or q4_0.",
                "With a quantised type, only matrices have it; the rest is f32",
                "(default: ${DEFAULT-VALUE})."})
    private DType dtype;

    @Override
    public Integer call() {
        NewFolder.check(out);
        NewModel model = model();
        List<LazyTensor> tensors = new ArrayList<>();
        model.tensors().forEach(tensor -> tensors.add(tensor(tensor, model)));
        Map<String, Object> config = model.configJson(WeightFile.torchName(dtype));
        Map<String, Content> files = new LinkedHashMap<>();
        files.put("config.json", file -> Files.writeString(file, Json.write(config)));
        if (variantFile != null || !model.variant().keys().isEmpty()) {
            files.put(VariantFile.NAME, file -> VariantFile.write(file, model.variant()));
        }
        boolean isTied = !(model instanceof LlamaPreset || model instanceof OlalaPreset); // otherwise config.json says so
        files.put(WeightFile.NAME, file -> WeightFile.write(file, tensors, isTied, main));
        NewFolder.create(main, out, files);
        NewFolder.noteMade(main, out, 0);
        return Main.DONE;
    }

    private NewModel model() {
        NewModel shaped = shaped();
        return variantFile == null ? shaped : shaped.with(VariantFile.parse(variantFile));
    }

    private NewModel shaped() {
        if (shape.preset != null) {
            refuseAttention("--preset");
            PresetNames.check(spec, shape.preset);
            return Presets.of(shape.preset);
        }
        Map<String, Object> config =
                Json.parseObject(SmallFile.read(shape.config, SmallFile.CONFIG), shape.config.toString());
        if (LlamaPreset.describes(config)) {
            refuseAttention("a config.json of the Llama family");
            return new LlamaPreset(config, VariantJson.none());
        }
        if (OlalaPreset.describes(config)) {
            refuseAttention("a config.json of the Olala family");
            return new OlalaPreset(config, VariantJson.none());
        }
        return new T6Config(attention == null ? T6Config.attentionOf(config) : attention, config, VariantJson.none());
    }

    private void refuseAttention(String shaped) {
        if (attention != null) {
            throw new ParameterException(spec.commandLine(),
                    "--attention: expected no " + shaped + ", which decides the attention, found both");
        }
    }

    private LazyTensor tensor(TensorSpec tensor, NewModel model) {
        Elements gains = (from, into, n) -> Arrays.fill(into, 0, n, model.gain());
        Elements elements = tensor.isGain() ? gains : new RandomWeights(seed, tensor.name());
        return WeightFile.tensor(tensor.name(), model.storedType(tensor, dtype), tensor.shape(), elements);
    }
}
