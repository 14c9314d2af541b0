package io.github.t6j.model;

import io.github.t6j.attention.Attention;
import io.github.t6j.attention.Factor;
import io.github.t6j.attention.Rope;
import io.github.t6j.attention.SharedPages;
import io.github.t6j.kernels.KernelChoice;
import io.github.t6j.kernels.PackedMatrix;
import io.github.t6j.kernels.Workers;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.VariantJson;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** From a checkpoint's tensors to a {@link Transformer}: finds each weight its place and packs it for the kernels. */
public final class TransformerLoader {
    private final ModelTensors tensors;
    private final ModelConfig config;

    private TransformerLoader(ModelTensors tensors, ModelConfig config) {
        this.tensors = tensors;
        this.config = config;
    }

    /**
     * What a checkpoint without t6j.json holds.
     *
     * @throws io.github.t6j.ModelFormatException if it is not a model that this engine runs
     */
    public static ModelConfig describe(
            Map<String, Tensor> tensors, Map<String, Object> configJson, String variant, String where) {
        return describe(tensors, configJson, VariantJson.none(), variant, where);
    }

    /**
     * What a checkpoint holds, without packing it.
     *
     * @param configJson config.json's object
     * @param variantJson t6j.json
     * @param variant as {@code --variant}, overrides t6j.json's, or null
     * @param where what to call the checkpoint in errors
     * @throws io.github.t6j.ModelFormatException if it is not a model that this engine runs
     */
    public static ModelConfig describe(
            Map<String, Tensor> tensors, Map<String, Object> configJson, VariantJson variantJson, String variant,
            String where) {
        ConfigJson config = new ConfigJson(configJson, "config.json");
        return Architecture.read(new ModelTensors(tensors, where), config, variantJson, variant);
    }

    /**
     * Packs the tensors into {@code arena}; they are not needed afterwards.
     *
     * @throws io.github.t6j.ModelFormatException if one is missing, has the wrong shape, or has no place
     */
    public static Transformer load(
            Map<String, Tensor> tensors, ModelConfig config, String where, Workers workers, Arena arena) {
        return new TransformerLoader(new ModelTensors(tensors, where), config).load(workers, arena);
    }

    private Transformer load(Workers workers, Arena arena) {
        Rope rope = new Rope(config.rotaryDim(), config.decayBase(), config.ropeForm());
        SharedPages shared = new SharedPages(rope, arena);
        List<List<Tensor>> matrices = new ArrayList<>();
        List<Attention> attentions = new ArrayList<>();
        for (int layer = 0; layer < config.layers(); layer++) {
            matrices.addAll(matrices(layer));
            attentions.add(Architecture.attention(config, fixedFactors(layer), shared));
        }
        List<float[]> headNorms = new ArrayList<>();
        for (int layer = 0; layer < config.layers(); layer++) {
            headNorms.add(config.groupNorm() ? tensors.vector(layer, "attn.subln", config.headDim()) : null);
        }
        Tensor embedding = tensors.embedding();
        tensors.checkAllUsed();

        List<Block> blocks = new ArrayList<>();
        for (int layer = 0; layer < config.layers(); layer++) {
            List<PackedMatrix> packed = new ArrayList<>();
            for (List<Tensor> parts : matrices.subList(4 * layer, 4 * layer + 4)) {
                packed.add(PackedMatrix.pack(parts, arena, workers));
            }
            FeedForward mlp = new FeedForward(packed.get(2), packed.get(3));
            blocks.add(
                    new Block(layer, attentions.get(layer), packed.get(0), headNorms.get(layer), packed.get(1), mlp));
        }
        return new Transformer(
                config, shared, PackedMatrix.pack(List.of(embedding), arena, workers), blocks, KernelChoice.kernels(),
                KernelChoice.scalar(), workers);
    }

    private Map<Factor, float[]> fixedFactors(int layer) {
        Map<Factor, float[]> fixed = new EnumMap<>(Factor.class);
        if (config.factored()) {
            for (Factor factor : config.factors().fixed()) {
                String name = FactorReader.parameter(layer, factor);
                fixed.put(factor,
                        tensors.parameter(name, config.factors().rows(factor), config.factors().columns(factor)));
            }
        }
        return fixed;
    }

    /** The four matrices of a block, each of one or more tensors: attention in and out, gate and up, down. */
    private List<List<Tensor>> matrices(int layer) {
        int width = config.width();
        int hidden = config.hidden();
        int outputs = config.heads() * config.headDim();
        List<Tensor> projections = new ArrayList<>();
        for (String name : Architecture.projections(config)) {
            projections.add(tensors.layer(layer, "attn." + name, tensors.attentionRows(name), width));
        }
        return List.of(
                projections,
                List.of(tensors.layer(layer, "attn.c_proj", width, outputs)),
                List.of(
                        tensors.layer(layer, "mlp.c_fc1", hidden, width),
                        tensors.layer(layer, "mlp.c_fc2", hidden, width)),
                List.of(tensors.layer(layer, "mlp.c_proj", width, hidden)));
    }
}
