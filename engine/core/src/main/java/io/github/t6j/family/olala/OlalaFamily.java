package io.github.t6j.family.olala;

import io.github.t6j.ModelFormatException;
import io.github.t6j.attention.TensorRole;
import io.github.t6j.attention.mamba.MambaConfig;
import io.github.t6j.attention.tpa.steps.SteppedConfig;
import io.github.t6j.attention.tpa.steps.Steps;
import io.github.t6j.family.Family;
import io.github.t6j.family.ModelMetadata;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.NamedTensors;
import io.github.t6j.model.TensorSpec;
import java.util.ArrayList;
import java.util.List;

/** Olala, also called Dragon: layers of Mamba-3 mixers and differential tensor product attention, with experts. */
public final class OlalaFamily implements Family {
    /** Name of the family. */
    public static final String NAME = "Olala";

    /** Token that ends a message. */
    public static final String END_OF_TURN = "<|im_end|>";

    private static final String EMBEDDING = "model.embedding.weight";
    private static final String ROUTER = "mlp.moe_gate.weight";
    private static final String HEAD_NORM = "mixer_group_norm.weight";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public boolean recognizes(NamedTensors tensors) {
        return tensors.has(EMBEDDING) && tensors.has("model.layers.0.mixer_proj.weight");
    }

    @Override
    public ModelConfig read(NamedTensors tensors, ModelMetadata description) {
        description.checkFullRope(
                tensors.where() + ": Olala models have no RoPE; expected the variant full or none, found ");
        ModelConfig config = new OlalaReader(description.config(), description.variantJson()).read();
        ModelConfig.Experts experts = config.experts();
        long least = config.sizes().layers() + (experts == null ? 0 : 2L * experts.count() * experts.layers().size());
        if (least > tensors.count()) {
            throw new ModelFormatException(tensors.where() + ": expected at least " + least
                    + " tensors for the model's "
                    + "layers and experts, found " + tensors.count() + ": the file is incomplete, or its configuration "
                    + "is another model's");
        }
        return config;
    }

    @Override
    public boolean keepsType(String matrix) {
        return matrix.endsWith(ROUTER) || matrix.endsWith(HEAD_NORM);
    }

    @Override
    public List<TensorSpec> tensors(ModelConfig config) {
        List<TensorSpec> specs = new ArrayList<>();
        ModelConfig.Sizes sizes = config.sizes();
        specs.add(outside(TensorRole.EMBEDDING, EMBEDDING, sizes.vocabulary(), sizes.width()));
        for (int layer = 0; layer < sizes.layers(); layer++) {
            new LayerTensors(config, layer, specs).add();
        }
        if (config.blocks().outputNorm()) {
            specs.add(outside(TensorRole.OUTPUT_NORM, "model.final_norm.norm.weight", sizes.width()));
        }
        if (config.optional().contains(TensorRole.OUTPUT)) {
            specs.add(outside(TensorRole.OUTPUT, "lm_head.weight", sizes.vocabulary(), sizes.width()));
        }
        if (config.blocks().cosineLogits()) {
            specs.add(outside(TensorRole.LOGIT_TEMPERATURE, "temperature", 1));
        }
        return specs;
    }

    private static TensorSpec outside(TensorRole role, String name, long... shape) {
        return TensorSpec.of(role, TensorSpec.NO_LAYER, name, shape);
    }

    /** Tensors of a layer. */
    private record LayerTensors(ModelConfig config, int layer, List<TensorSpec> specs) {
        private void spec(TensorRole role, String name, long... shape) {
            specs.add(TensorSpec.of(role, layer, "model.layers." + layer + "." + name, shape));
        }

        private void add() {
            int width = config.sizes().width();
            OlalaLayers layers = (OlalaLayers) config.attention();
            if (!config.blocks().rotates()) {
                spec(TensorRole.ATTENTION_NORM, "input_norm.norm.weight", width);
                spec(TensorRole.FEED_FORWARD_NORM, "postmixer_norm.norm.weight", width);
            } else {
                rotation(TensorRole.MIXER_ROTATION, "geodesic_mixer");
                rotation(TensorRole.FEED_FORWARD_ROTATION, "geodesic_mlp");
            }
            if (layers.isAttention(layer)) {
                attention(layers.attention(), width);
            } else {
                mamba(layers.mamba(), width);
            }
            if (config.hasExperts(layer)) {
                experts(width);
            } else {
                spec(TensorRole.GATE_UP, "mlp.fc_1.weight", config.sizes().hidden(), width);
                spec(TensorRole.DOWN, "mlp.fc_2.weight", width, config.sizes().hidden());
            }
        }

        private void rotation(TensorRole role, String name) {
            spec(role, name + ".scale", 1);
            spec(role, name + ".bias", 1);
        }

        /** Adds the tensors of differential attention, projections in the order of a row. */
        private void attention(SteppedConfig sizes, int width) {
            int heads = sizes.keyValueHeads();
            int features = sizes.rank() * sizes.headDim();
            int factors = heads * sizes.rank();
            Steps steps = sizes.steps();
            spec(TensorRole.PROJECTIONS, "mixer.c_q.weight", (long) sizes.heads() * sizes.headDim(), width);
            if (steps.gate() != null) {
                spec(TensorRole.PROJECTIONS, "gate_proj.weight", sizes.gates(), width);
            }
            spec(TensorRole.PROJECTIONS, "mixer.W_B_k.weight", features, width);
            spec(TensorRole.PROJECTIONS, "mixer.W_A_k.weight", factors, width);
            spec(TensorRole.PROJECTIONS, "mixer.W_A_v.weight", factors, width);
            spec(TensorRole.PROJECTIONS, "mixer.W_B_v.weight", features, width);
            if (steps.shift()) {
                spec(TensorRole.PROJECTIONS, "mixer.shift_proj_k.weight", heads, width);
                spec(TensorRole.PROJECTIONS, "mixer.shift_proj_v.weight", heads, width);
            }
            spec(TensorRole.PROJECTIONS, "mixer.lambda_proj.weight", heads, width);
            if (steps.norms()) {
                spec(TensorRole.QUERY_NORM, "mixer.q_norm.norm.weight", sizes.headDim());
                spec(TensorRole.KEY_NORM, "mixer.k_norm.norm.weight", sizes.headDim());
            }
            if (steps.length() != null) {
                spec(TensorRole.SOFTMAX_SCALE, "mixer.softmax_scaler", sizes.heads());
            }
            if (steps.outputNorm() != null) {
                spec(TensorRole.HEAD_NORM, HEAD_NORM, sizes.signalHeads(), sizes.headDim());
            }
            spec(TensorRole.ATTENTION_OUTPUT, "mixer_proj.weight", width,
                    (long) sizes.signalHeads() * sizes.headDim());
        }

        private void mamba(MambaConfig sizes, int width) {
            int heads = sizes.heads();
            int ranks = sizes.ranks();
            int inner = heads * sizes.headDim();
            spec(TensorRole.PROJECTIONS, "mixer.in_proj.weight", inner * 2L + 3L * heads, width);
            spec(TensorRole.PROJECTIONS, "mixer.in_proj_dyn.weight",
                    2L * ranks * sizes.stateDim() + sizes.angles(), width);
            spec(TensorRole.KEY_NORM, "mixer.B_norm.norm.weight", sizes.stateDim());
            spec(TensorRole.QUERY_NORM, "mixer.C_norm.norm.weight", sizes.stateDim());
            spec(TensorRole.STATE_KEY_BIAS, "mixer.B_bias", heads, ranks, sizes.stateDim());
            spec(TensorRole.STATE_QUERY_BIAS, "mixer.C_bias", heads, ranks, sizes.stateDim());
            spec(TensorRole.STATE_VALUE_FACTORS, "mixer.in_proj_mimo_x", heads, ranks, sizes.headDim());
            spec(TensorRole.STATE_GATE_FACTORS, "mixer.in_proj_mimo_z", heads, ranks, sizes.headDim());
            spec(TensorRole.STATE_OUTPUT_FACTORS, "mixer.out_proj_mimo", heads, ranks, sizes.headDim());
            spec(TensorRole.STATE_STEP_BIAS, "mixer.dt_bias", heads);
            spec(TensorRole.STATE_SKIP, "mixer.D", heads);
            if (config.optional().contains(TensorRole.STATE_OUTPUT_NORM)) {
                spec(TensorRole.STATE_OUTPUT_NORM, "mixer.output_norm.norm.weight", inner);
            }
            spec(TensorRole.ATTENTION_OUTPUT, "mixer_proj.weight", width, inner);
        }

        private void experts(int width) {
            ModelConfig.Experts experts = config.experts();
            ModelConfig.LatentExperts latent = config.blocks().latent();
            int inner = latent.width() > 0 ? latent.width() : width;
            spec(TensorRole.ROUTER, ROUTER, experts.count(), width);
            spec(TensorRole.ROUTER_BIAS, "mlp.expert_bias", experts.count());
            if (latent.width() > 0) {
                spec(TensorRole.EXPERT_LATENT, "mlp.down_proj.weight", latent.width(), width);
                spec(TensorRole.EXPERT_LATENT_UP, "mlp.up_proj.weight", width, latent.width());
            }
            for (int expert = 0; expert < experts.count(); expert++) { // as NamedTensors.byExpert splits them
                String end = "experts." + expert + ".weight";
                spec(TensorRole.EXPERT_GATE_UP, "mlp.experts." + end, experts.hidden(), inner);
                spec(TensorRole.EXPERT_DOWN, "mlp.experts.output_" + end, inner, experts.hidden());
            }
            if (latent.shared() > 0) {
                spec(TensorRole.SHARED_UP, "mlp.shared_experts.fc_1.weight", latent.shared(), width);
                spec(TensorRole.SHARED_DOWN, "mlp.shared_experts.fc_2.weight", width, latent.shared());
                if (latent.sharedGate()) {
                    spec(TensorRole.SHARED_GATE, "mlp.shared_gate.weight", 1, width);
                }
            }
        }
    }
}
