package io.github.t6j.cli;

import io.github.t6j.cli.NewFolder.Content;
import io.github.t6j.family.NewModel;
import io.github.t6j.family.Presets;
import io.github.t6j.family.T6Config;
import io.github.t6j.family.VariantJson;
import io.github.t6j.json.Json;
import io.github.t6j.model.TensorSpec;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.LazyTensor;
import io.github.t6j.weights.SmallFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code t6j init}: a model of random weights. */
@Command(
        name = "init",
        description = "Writes a model with random weights of a given shape, for benchmarks. It has no tokenizer.",
        footer = {
            "",
            "Presets: t6-SIZE, t6-kvonly-SIZE, mha-SIZE, gqa-SIZE (2 KV heads), mqa-SIZE, mla-SIZE with the "
                    + "SIZE small, medium, large or xl (124M, 353M, 773M and 1.5B parameters), as the paper has them; "
                    + "nano, micro or mini (1.3M, 3.4M, 7.3M), which a CPU trains; and tiny. Of the MLRA checkpoints, "
                    + "2.9B parameters each: mlra-NAME with the NAME tpa, mha, gqa, mqa, gta, mfa, mla, gla-2, gla-4, "
                    + "mlra-2 or mlra-4; and mlra-NAME-small, whose vectors have an eighth of the size.",
            "",
            "Examples:",
            "  t6j init --preset t6-small --out t6-small",
            "  t6j init --config config.json --out mine --dtype bf16",
            "  t6j init --preset tiny --variant-file t6j.json --out mine"
        })
final class InitCommand implements Callable<Integer> {
    @ParentCommand
    private Main main;

    @Spec
    private CommandSpec spec;

    @ArgGroup(multiplicity = "1")
    private Shape shape;

    /** For completion. */
    static final class PresetNames implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return List.of(Presets.names().split(", ")).iterator();
        }
    }

    /** One of two ways to say a shape. */
    static final class Shape {
        @Option(names = "--preset", required = true, paramLabel = "NAME",
                completionCandidates = PresetNames.class,
                description = "A shape by its name; see below.")
        private String preset;

        @Option(names = "--config", required = true, paramLabel = "FILE",
                description = "A config.json with the shape.")
        private Path config;
    }

    @Option(names = "--attention", paramLabel = "NAME",
            description = "What --config means: tpa, tpa-kvonly, mha, gqa or mla (default: mla with a "
                    + "kv_lora_rank, gqa with a group_size, tpa with rank and q_rank, tpa-kvonly with rank, else mha).")
    private T6Config.Attention attention;

    @Option(names = "--variant-file", paramLabel = "FILE",
            description = "A t6j.json with what config.json cannot say: fixed or shared factors, a third factor (of "
                    + "config.json's c_dim), how RoPE turns. It is written beside the weights.")
    private Path variantFile;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "The folder to make, new or empty.")
    private Path out;

    @Option(names = "--seed", paramLabel = "S", defaultValue = "0",
            description = "The same seed gives the same weights (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(names = "--dtype", paramLabel = "D", defaultValue = "f32",
            description = "Type of the weights: f32, f16 or bf16; q8_0 or q4_0 of the matrices, f32 of the rest "
                    + "(default: ${DEFAULT-VALUE}).")
    private DType dtype;

    @Override
    public Integer call() {
        NewFolder.check(out);
        NewModel model = model();
        List<LazyTensor> tensors = new ArrayList<>();
        model.tensors().forEach(spec -> tensors.add(tensor(spec)));
        Map<String, Object> config = model.configJson(WeightFile.torchName(dtype));
        Map<String, Content> files = new LinkedHashMap<>();
        files.put("config.json", file -> Files.writeString(file, Json.write(config)));
        if (variantFile != null) {
            files.put(VariantFile.NAME, file -> VariantFile.write(file, model.variant()));
        }
        files.put(WeightFile.NAME, file -> WeightFile.write(file, tensors, true, main));
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
            return Range.checked(spec, () -> Presets.of(shape.preset));
        }
        Map<String, Object> config =
                Json.parseObject(SmallFile.read(shape.config, SmallFile.CONFIG), shape.config.toString());
        return new T6Config(attention == null ? T6Config.attentionOf(config) : attention, config, VariantJson.none());
    }

    private LazyTensor tensor(TensorSpec tensor) {
        Elements ones = (from, into, n) -> Arrays.fill(into, 0, n, 1f);
        Elements elements = tensor.isGain() ? ones : new RandomWeights(seed, tensor.name());
        return WeightFile.tensor(tensor.name(), dtype, tensor.shape(), elements);
    }
}
