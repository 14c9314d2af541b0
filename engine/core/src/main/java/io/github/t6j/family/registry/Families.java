package io.github.t6j.family.registry;

import io.github.t6j.LoadListener;
import io.github.t6j.ModelFormatException;
import io.github.t6j.family.ConfigJson;
import io.github.t6j.family.Family;
import io.github.t6j.family.ModelMetadata;
import io.github.t6j.family.NewModel;
import io.github.t6j.family.llama.GemmaFamily;
import io.github.t6j.family.llama.LlamaFamily;
import io.github.t6j.family.llama.Phi3Family;
import io.github.t6j.family.mlra.MlraFamily;
import io.github.t6j.family.olala.OlalaFamily;
import io.github.t6j.family.t6.T6Family;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.Workers;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.NamedTensors;
import io.github.t6j.model.TensorSpec;
import io.github.t6j.model.Transformer;
import io.github.t6j.model.TransformerLoader;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Registry of all families. */
public final class Families {
    private static final Family OFFICIAL = new T6Family();
    private static final List<Family> ALL =
            List.of(new OlalaFamily(), new GemmaFamily(), new Phi3Family(), new LlamaFamily(), new MlraFamily(),
                    OFFICIAL);

    private Families() {}

    /**
     * Returns the family of a checkpoint; if no family recognises it, the official one, whose errors list what it
     * expects.
     */
    public static Family of(NamedTensors tensors) {
        return ALL.stream().filter(family -> family.recognizes(tensors)).findFirst().orElse(OFFICIAL);
    }

    /**
     * Reads the configuration of a checkpoint, without packing the weights.
     *
     * @throws ModelFormatException if the engine does not run the model
     */
    public static ModelConfig describe(NamedTensors tensors, ModelMetadata description) {
        return of(tensors).read(tensors, description);
    }

    /**
     * Returns the configuration of a new model, as if its weights existed.
     *
     * @throws ModelFormatException if its config.json or t6j.json does not describe a model that the engine runs
     */
    public static ModelConfig describe(NewModel model) {
        List<TensorSpec> specs = model.tensors();
        long largest = specs.stream().mapToLong(TensorSpec::elements).max().orElse(0);
        MemorySegment zeros = MemorySegment.ofArray(new float[Math.toIntExact(largest)]); // shared by all tensors
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        for (TensorSpec spec : specs) {
            MemorySegment data = zeros.asSlice(0, spec.elements() * Float.BYTES);
            tensors.put(spec.name(), new Tensor(spec.name(), DType.F32, spec.shape(), data));
        }
        return describe(
                new NamedTensors(tensors, "the new model"),
                new ModelMetadata(new ConfigJson(model.config(), "config.json"), model.variant(), null));
    }

    /** Returns the tensors of a model, in its family's order. */
    public static List<TensorSpec> tensors(ModelConfig config) {
        return named(config).tensors(config);
    }

    private static Family named(ModelConfig config) {
        return ALL.stream().filter(family -> family.name().equals(config.family())).findFirst().orElseThrow();
    }

    /** Returns true if a model's checkpoints have no tokenizer and use GPT-2's ids. */
    public static boolean usesGpt2Tokenizer(ModelConfig config) {
        return named(config).usesGpt2Tokenizer();
    }

    /** Returns the number of weights of a model; tied weights count once. */
    public static long parameters(ModelConfig config) {
        return tensors(config).stream().mapToLong(TensorSpec::elements).sum();
    }

    /**
     * Packs a checkpoint of {@code config} into {@code arena}.
     *
     * @param progress receives the stored bytes that are packed
     * @throws ModelFormatException if a tensor is missing, has the wrong shape, or does not belong to the model
     */
    public static Transformer load(
            NamedTensors tensors, ModelConfig config, Kernels kernels, Workers workers, Arena arena,
            LoadListener progress) {
        return TransformerLoader.load(
                tensors, config, of(tensors).tensors(config), kernels, workers, arena, progress);
    }

    /**
     * Keeps the tied embedding once, as lm_head.weight like the official files; in the MLRA family the two may differ.
     */
    public static void tieEmbedding(Map<String, Tensor> tensors) {
        Tensor embedding = tensors.get(T6Family.EMBEDDING_NAME);
        Tensor head = tensors.get(T6Family.HEAD_NAME);
        boolean differ = embedding != null && head != null && head.data().mismatch(embedding.data()) >= 0;
        if (differ && !new MlraFamily().recognizes(new NamedTensors(tensors, "the tensors"))) {
            throw ModelFormatException.unsupported(
                    T6Family.HEAD_NAME + ": expected the elements of " + T6Family.EMBEDDING_NAME
                            + ", which is tied to it, found "
                            + "other elements: t6j runs models with tied embeddings");
        }
        if (!differ && embedding != null) {
            tensors.remove(T6Family.EMBEDDING_NAME);
            tensors.putIfAbsent(T6Family.HEAD_NAME, embedding);
        }
    }
}
