package io.github.t6j.family;

import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.NamedTensors;
import io.github.t6j.model.Transformer;
import io.github.t6j.model.TransformerLoader;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.function.DoubleConsumer;

/** All families; the one place where they are registered. */
public final class Families {
    private static final Family OFFICIAL = new T6Family();
    private static final List<Family> ALL = List.of(new LlamaFamily(), new MlraFamily(), OFFICIAL);

    private Families() {}

    /** The family of a checkpoint; the official one, which says what it expects, if none knows it. */
    public static Family of(NamedTensors tensors) {
        return ALL.stream().filter(family -> family.recognises(tensors)).findFirst().orElse(OFFICIAL);
    }

    /**
     * What a checkpoint holds, without packing it.
     *
     * @throws io.github.t6j.ModelFormatException if it is not a model that this engine runs
     */
    public static ModelConfig describe(NamedTensors tensors, Description description) {
        return of(tensors).read(tensors, description);
    }

    private static Family named(ModelConfig config) {
        return ALL.stream().filter(one -> one.name().equals(config.family())).findFirst().orElseThrow();
    }

    /** Whether a model's checkpoints have no tokenizer, and were trained on GPT-2's ids. */
    public static boolean speaksGpt2(ModelConfig config) {
        return named(config).speaksGpt2();
    }

    /** Number of weights of a model, tied ones once. */
    public static long parameters(ModelConfig config) {
        return named(config).tensors(config).stream()
                .mapToLong(spec -> spec.shape().stream().reduce(1L, Math::multiplyExact))
                .sum();
    }

    /**
     * Packs a checkpoint of {@code config} into {@code arena}.
     *
     * @throws io.github.t6j.ModelFormatException if a tensor is missing, has the wrong shape, or has no place
     */
    public static Transformer load(
            NamedTensors tensors, ModelConfig config, Kernels kernels, Workers workers, Arena arena) {
        return load(tensors, config, kernels, workers, arena, share -> {
        });
    }

    /** {@link #load(NamedTensors, ModelConfig, Kernels, Workers, Arena)} that tells which share is done, from 0 to 1. */
    public static Transformer load(
            NamedTensors tensors, ModelConfig config, Kernels kernels, Workers workers, Arena arena,
            DoubleConsumer progress) {
        return TransformerLoader.load(
                tensors, config, of(tensors).tensors(config), kernels, workers, arena, progress);
    }
}
