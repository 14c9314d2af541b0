package io.github.t6j.model;

import io.github.t6j.attention.Attention;
import io.github.t6j.attention.Factor;
import io.github.t6j.attention.Rope;
import io.github.t6j.attention.SharedPages;
import io.github.t6j.attention.TensorProduct;
import io.github.t6j.kernels.KernelChoice;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.PackedMatrix;
import io.github.t6j.kernels.Workers;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.VariantJson;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

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
            Map<String, Tensor> tensors, ModelConfig config, String where, Kernels kernels, Workers workers,
            Arena arena) {
        return new TransformerLoader(new ModelTensors(tensors, where), config).load(kernels, workers, arena);
    }

    /** A block's weights as the checkpoint has them; matrices of one list are packed as one. */
    private record BlockTensors(
            List<Tensor> input, Map<Factor, float[]> fixed, LatentTensors latent, float[] headNorm, List<Tensor> output,
            List<Tensor> gateUp,
            List<Tensor> down) {}

    /** What MLA has besides. */
    private record LatentTensors(float[] queryNorm, float[] norm, Tensor queryUp, Tensor up) {}

    private Transformer load(Kernels kernels, Workers workers, Arena arena) {
        Rope rope = new Rope(config.rotaryDim(), config.decayBase(), config.ropeForm());
        SharedPages shared = new SharedPages(rope, arena);
        List<BlockTensors> found = new ArrayList<>();
        for (int layer = 0; layer < config.layers(); layer++) {
            found.add(block(layer));
        }
        Tensor embedding = tensors.embedding();
        tensors.checkAllUsed();
        PackedMatrix.announce(List.of(embedding), kernels);

        List<Block> blocks = new ArrayList<>();
        for (BlockTensors block : found) {
            PackedMatrix input = PackedMatrix.pack(block.input(), arena, workers);
            LatentTensors latent = block.latent();
            Projection projection = latent == null
                    ? new Projection.Fused(input)
                    : new Projection.Latent(
                            config.latent(), config.heads(), input, latent.queryNorm(), latent.norm(),
                            PackedMatrix.pack(List.of(latent.queryUp()), arena, workers));
            Attention attention = latent == null
                    ? Architecture.attention(config, block.fixed(), shared)
                    : Architecture.latentAttention(config, latent.up().toFloats(), arena);
            PackedMatrix output = PackedMatrix.pack(block.output(), arena, workers);
            FeedForward mlp = new FeedForward(
                    PackedMatrix.pack(block.gateUp(), arena, workers), PackedMatrix.pack(block.down(), arena, workers));
            blocks.add(new Block(blocks.size(), attention, projection, block.headNorm(), output, mlp));
        }
        return new Transformer(
                config, checksum(found), shared, PackedMatrix.pack(List.of(embedding), arena, workers), blocks,
                kernels,
                KernelChoice.scalar(), workers);
    }

    /** Of the weights that no packed matrix holds: which model this is shows in them, too. */
    private static long checksum(List<BlockTensors> blocks) {
        CRC32C checksum = new CRC32C();
        for (BlockTensors block : blocks) {
            block.fixed().values().forEach(factor -> update(checksum, factor));
            if (block.headNorm() != null) {
                update(checksum, block.headNorm());
            }
            if (block.latent() != null) {
                update(checksum, block.latent().queryNorm());
                update(checksum, block.latent().norm());
                checksum.update(block.latent().queryUp().data().asByteBuffer());
                checksum.update(block.latent().up().data().asByteBuffer());
            }
        }
        return checksum.getValue();
    }

    private static void update(CRC32C checksum, float[] weights) {
        ByteBuffer bytes = ByteBuffer.allocate(weights.length * Float.BYTES);
        bytes.asFloatBuffer().put(weights);
        checksum.update(bytes);
    }

    private BlockTensors block(int layer) {
        int width = config.width();
        int hidden = config.hidden();
        int valueDim = config.latent() == null ? config.headDim() : config.latent().valueDim();
        List<Tensor> input = new ArrayList<>();
        for (String name : Architecture.projections(config)) {
            input.add(tensors.layer(layer, "attn." + name, tensors.attentionRows(name), width));
        }
        return new BlockTensors(
                input, fixedFactors(layer), config.latent() == null ? null : latent(layer, config.latent()),
                config.groupNorm() ? tensors.vector(layer, "attn.subln", valueDim) : null,
                List.of(tensors.layer(layer, "attn.c_proj", width, (long) config.heads() * valueDim)),
                List.of(
                        tensors.layer(layer, "mlp.c_fc1", hidden, width),
                        tensors.layer(layer, "mlp.c_fc2", hidden, width)),
                List.of(tensors.layer(layer, "mlp.c_proj", width, hidden)));
    }

    private Map<Factor, float[]> fixedFactors(int layer) {
        Map<Factor, float[]> fixed = new EnumMap<>(Factor.class);
        if (config.factored()) {
            TensorProduct form = config.factors();
            for (Factor factor : form.fixed()) {
                String name = FactorReader.parameter(layer, factor);
                fixed.put(factor, tensors.parameter(name, form.rows(factor), form.columns(factor)));
            }
        }
        return fixed;
    }

    private LatentTensors latent(int layer, LatentSizes sizes) {
        long query = (long) config.heads() * (config.headDim() + sizes.rope());
        long keysAndValues = (long) config.heads() * (config.headDim() + sizes.valueDim());
        return new LatentTensors(
                tensors.vector(layer, "attn.q_a_layernorm", sizes.queryRank()),
                tensors.vector(layer, "attn.kv_a_layernorm", sizes.rank()),
                tensors.layer(layer, "attn.q_b_proj", query, sizes.queryRank()),
                tensors.layer(layer, "attn.kv_b_proj", keysAndValues, sizes.rank()));
    }
}
