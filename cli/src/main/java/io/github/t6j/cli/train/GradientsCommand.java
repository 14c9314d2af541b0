package io.github.t6j.cli.train;

import io.github.t6j.RopeVariant;
import io.github.t6j.cli.Main;
import io.github.t6j.cli.evaluate.Ids;
import io.github.t6j.cli.io.DiskSpace;
import io.github.t6j.cli.io.Threads;
import io.github.t6j.cli.models.ModelFolder;
import io.github.t6j.cli.models.ModelParameter;
import io.github.t6j.family.VariantName;
import io.github.t6j.family.t6.T6Family;
import io.github.t6j.training.Parameter;
import io.github.t6j.training.TrainableModel;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.safetensors.Safetensors;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code t6j gradients}: writes a loss and its gradients, to compare with other implementations. */
@Command(
        name = "gradients",
        description = {"Writes the loss of predicting token ids, and its gradients.",
            "Each id is predicted from those before it.",
            "The file has the tensor loss, f64 [1], and the gradient of each parameter under its name, f32."},
        footer = {
            "",
            "Example:",
            "  t6j gradients --ids 583,2886,17 --out gradients.safetensors"
        })
public final class GradientsCommand implements Callable<Integer> {
    private static final int NOT_SCORED = -1;

    @ParentCommand
    private Main main;

    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelFolder model;

    @Mixin
    private ModelParameter argument;

    @Mixin
    private Threads threads;

    @Option(names = "--variant", paramLabel = "NAME", description = {"RoPE variant: " + VariantName.ALL,
        "(default: from t6j.json or config.json)."})
    private RopeVariant variant;

    @Option(names = "--ids", required = true, paramLabel = "IDS|@FILE",
            description = {"Ids separated by commas, such as 5,17,3, or @FILE.",
                "Ids in FILE are separated by commas or white space."})
    private String ids;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "Safetensors file to write.")
    private Path out;

    @Override
    public Integer call() {
        argument.model().ifPresent(given -> model.use(spec, "MODEL", given));
        threads.check(spec);
        model.check(spec);
        Safetensors.checkWritable(out);
        int[] input = Ids.ofArgumentOrFile(ids, "--ids", spec);
        if (input.length < 2) {
            throw new ParameterException(
                    spec.commandLine(), "--ids: expected two ids or more, each but the last predicts the next, found "
                            + input.length);
        }
        int[] targets = Arrays.copyOfRange(input, 1, input.length + 1);
        targets[input.length - 1] = NOT_SCORED;
        try (TrainableModel trained = TrainableModel.load(model.path(main), variant, threads.count());
                Arena arena = Arena.ofConfined()) {
            Ids.checkBelow(input, trained.vocabulary(), "vocabulary");
            DiskSpace.check(out,
                    trained.parameters().stream()
                            .mapToLong(parameter -> (long) Float.BYTES * parameter.gradient().length).sum());
            double loss = trained.lossAndGradient(input, targets, 1, input.length, 1f);
            List<Tensor> tensors = new ArrayList<>();
            MemorySegment bytes = arena.allocateFrom(ValueLayout.JAVA_DOUBLE, loss);
            tensors.add(new Tensor("loss", DType.F64, List.of(1L), bytes));
            for (Parameter parameter : trained.parameters()) {
                tensors.add(gradient(parameter, trained.parameters(), arena));
            }
            Safetensors.write(out, Map.of(), tensors);
        }
        return Main.DONE;
    }

    private static Tensor gradient(Parameter parameter, List<Parameter> all, Arena arena) {
        MemorySegment bytes = arena.allocateFrom(ValueLayout.JAVA_FLOAT, parameter.gradient());
        return new Tensor(name(parameter, all), DType.F32, parameter.shape(), bytes);
    }

    /** Returns a parameter's name; a tied matrix has its first name, the embedding's, as in the official code. */
    private static String name(Parameter parameter, List<Parameter> all) {
        boolean untied = all.stream().anyMatch(named -> named.name().equals(T6Family.EMBEDDING_NAME));
        return parameter.name().equals(T6Family.HEAD_NAME) && !untied ? T6Family.EMBEDDING_NAME : parameter.name();
    }
}
