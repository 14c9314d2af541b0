package io.github.t6j.family.olala;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.Model;
import io.github.t6j.ModelFormatException;
import io.github.t6j.ModelOptions;
import io.github.t6j.Session;
import io.github.t6j.TestNumbers;
import io.github.t6j.family.NewModel;
import io.github.t6j.family.gguf.GgufNames;
import io.github.t6j.json.Json;
import io.github.t6j.model.TensorSpec;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.GgufFile;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.checkpoint.Checkpoint;
import io.github.t6j.weights.safetensors.Safetensors;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** GGUF files of Olala in the types of the published recipes, compared with folders of the same weights. */
class DragonTypesTest {
    private static final NewModel SMALL = OlalaPreset.nano().with(Map.of(
            "hidden_size", 256L, "head_dim", 128L, "moe_routed_intermediate_size", 256L,
            "moe_shared_intermediate_size", 256L));
    private static final int[] CODEBOOK =
            {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113}; // of iq4_nl
    private static final Map<DType, Integer> NUMBERS = Map.of(
            DType.F32, 0, DType.Q8_0, 8, DType.Q4_K, 12, DType.Q5_K, 13, DType.Q6_K, 14,
            DType.IQ4_NL, 20, DType.BF16, 30);
    private static final String NAMES = """
            model.embedding.weight token_embd.weight
            lm_head.weight output.weight
            mixer.c_q.weight attn_q.weight
            mixer.W_A_k.weight attn_wa_k.weight
            mixer.W_A_v.weight attn_wa_v.weight
            mixer.W_B_k.weight attn_wb_k.weight
            mixer.W_B_v.weight attn_wb_v.weight
            mixer.shift_proj_k.weight attn_shift_k.weight
            mixer.shift_proj_v.weight attn_shift_v.weight
            mixer.lambda_proj.weight attn_lambda.weight
            mixer.softmax_scaler attn_softmax_scaler
            mixer.q_norm.norm.weight attn_q_norm.weight
            mixer.k_norm.norm.weight attn_k_norm.weight
            gate_proj.weight attn_gate.weight
            mixer_proj.weight attn_output.weight
            mixer.in_proj.weight ssm_in.weight
            mixer.in_proj_dyn.weight ssm_in_dyn.weight
            mixer.B_norm.norm.weight ssm_b_norm.weight
            mixer.C_norm.norm.weight ssm_c_norm.weight
            mixer.B_bias ssm_b_bias
            mixer.C_bias ssm_c_bias
            mixer.dt_bias ssm_dt_bias
            mixer.D ssm_d
            mixer.in_proj_mimo_x ssm_mimo_x
            mixer.in_proj_mimo_z ssm_mimo_z
            mixer.out_proj_mimo ssm_mimo_o
            geodesic_mixer.scale geo_mixer_scale
            geodesic_mixer.bias geo_mixer_bias
            geodesic_mlp.scale geo_mlp_scale
            geodesic_mlp.bias geo_mlp_bias
            mlp.moe_gate.weight ffn_gate_inp.weight
            mlp.expert_bias exp_probs_b.bias
            mlp.down_proj.weight ffn_latent_down.weight
            mlp.up_proj.weight ffn_latent_up.weight
            mlp.experts.experts.weight ffn_up_exps.weight
            mlp.experts.output_experts.weight ffn_down_exps.weight
            mlp.shared_experts.fc_1.weight ffn_up_shexp.weight
            mlp.shared_experts.fc_2.weight ffn_down_shexp.weight
            """;
    private static final String FIRST = "mlp.experts.experts.";
    private static final String SECOND = "mlp.experts.output_experts.";
    private static final long SEED = 17;

    @TempDir
    Path folder;

    private final Random random = new Random(SEED);

    /**
     * The experts' first matrices have rows of 64 elements: q8_0 or iq4_nl, which becomes q8_0 without an error. Old
     * converters stored the weights of MIMO in bf16, which the folder has in f32. The recipe with q6_k keeps some
     * matrices in bf16; one of the projections in f32 stands for recipes that mix the types of one product.
     */
    @ParameterizedTest
    @CsvSource({"Q4_K, Q8_0, true", "Q5_K, IQ4_NL, false", "Q6_K, Q8_0, false"})
    void logitsHaveTheBitsOfTheFolder(DType matrices, DType experts, boolean tied) throws IOException {
        Map<String, Tensor> inFile = new LinkedHashMap<>();
        Map<String, Tensor> inFolder = new LinkedHashMap<>();
        for (TensorSpec spec : SMALL.tensors()) {
            if (!tied || !spec.name().equals("lm_head.weight")) {
                add(spec, matrices, experts, inFile, inFolder);
            }
        }
        Path file = Files.write(folder.resolve("model.gguf"), gguf(inFile, 256, 1.15f, 2).make());
        Path same = folder(file, inFolder);
        int[] ids = new Random(SEED).ints(37, 0, 4096).toArray();
        float[][] found = logits(file, ids);
        assertThat(found).isDeepEqualTo(logits(same, ids));
        assertThat(found[36]).isNotEqualTo(new float[4096]).doesNotContain(Float.NaN);
    }

    private static DType stored(TensorSpec spec, DType matrices) {
        if (matrices == DType.Q6_K && spec.name().matches(".*(mixer_proj|fc_2)\\.weight")) {
            return DType.BF16;
        }
        return matrices == DType.Q6_K && spec.name().endsWith("W_A_k.weight")
                ? DType.F32
                : SMALL.storedType(spec, matrices);
    }

    private void add(
            TensorSpec spec, DType matrices, DType experts, Map<String, Tensor> inFile, Map<String, Tensor> inFolder) {
        long[] shape = spec.shape().isEmpty() ? new long[] {1} : spec.shape().stream().mapToLong(n -> n).toArray();
        if (experts == DType.IQ4_NL && spec.name().contains(FIRST)) {
            int blocks = Math.toIntExact(spec.elements() / 32);
            byte[] four = new byte[blocks * 18];
            byte[] eight = new byte[blocks * 34];
            for (int block = 0; block < blocks; block++) {
                addBlock(four, eight, block);
            }
            inFile.put(spec.name(), new Tensor(spec.name(), DType.IQ4_NL, spec.shape(), MemorySegment.ofArray(four)));
            inFolder.put(spec.name(), new Tensor(spec.name(), DType.Q8_0, spec.shape(), MemorySegment.ofArray(eight)));
            return;
        }
        DType type = shape.length == 2
                ? stored(spec, matrices)
                : spec.name().contains("mimo") || spec.name().endsWith("B_bias") ? DType.BF16 : DType.F32;
        double deviation = shape.length == 2 ? 1 / Math.sqrt(shape[1]) : 0.3;
        Tensor tensor = Tensor.of(
                spec.name(), type, TestNumbers.normal(random, Math.toIntExact(spec.elements()), deviation), shape);
        inFile.put(spec.name(), tensor);
        inFolder.put(spec.name(),
                shape.length == 2 ? tensor : Tensor.of(spec.name(), DType.F32, tensor.toFloats(), shape));
    }

    /**
     * Adds a block in both types: a scale in f16, then 16 bytes of two indices each, elements i and i + 16, or 32
     * numbers of the codebook.
     */
    private void addBlock(byte[] four, byte[] eight, int block) {
        short scale = Float.floatToFloat16((float) (0.0005 + 0.001 * random.nextDouble()));
        for (int part = 0; part < 2; part++) {
            four[block * 18 + part] = eight[block * 34 + part] = (byte) (scale >> 8 * part);
        }
        for (int i = 0; i < 16; i++) {
            int low = random.nextInt(16);
            int high = random.nextInt(16);
            four[block * 18 + 2 + i] = (byte) (low | high << 4);
            eight[block * 34 + 2 + i] = (byte) CODEBOOK[low];
            eight[block * 34 + 2 + 16 + i] = (byte) CODEBOOK[high];
        }
    }

    /** Returns a file with the sizes of {@link #SMALL} in its keys; newer files state the experts' width for each block. */
    private static GgufFile gguf(Map<String, Tensor> tensors, int lastWidth, float gateBias, int gating) {
        GgufFile file = new GgufFile().key("general.architecture", "dragon").key("tokenizer.ggml.model", "no_vocab")
                .key("dragon.block_count", 5).key("dragon.layer_types", "MMMMV").key("dragon.context_length", 2048)
                .key("dragon.embedding_length", 256).key("dragon.attention.head_count", 8)
                .key("dragon.num_signal_heads", 6).key("dragon.attention.key_length", 128).key("dragon.tpa_rank", 4)
                .key("dragon.attention.layer_norm_rms_epsilon", 1e-6f).key("dragon.attn_logit_softcapping", 150f)
                .key("dragon.gate_bias", gateBias).key("dragon.ssm.state_size", 32).key("dragon.mamba_headdim", 32)
                .key("dragon.mamba_mimo_dim", 4).key("dragon.expert_count", 16).key("dragon.expert_used_count", 2)
                .key("dragon.expert_gating_func", gating).key("dragon.moe_latent_size", 64)
                .key("dragon.expert_shared_feed_forward_length", 256).key("dragon.expert_weights_scale", 2.5f)
                .key("dragon.expert_feed_forward_length", GgufFile.ARRAY, GgufFile.I32, 5L, 256, 256, 256, 256,
                        lastWidth);
        Map<String, ByteArrayOutputStream> experts = new TreeMap<>();
        tensors.forEach((name, tensor) -> {
            byte[] bytes = tensor.data().toArray(ValueLayout.JAVA_BYTE);
            if (name.contains(FIRST) || name.contains(SECOND)) {
                experts.computeIfAbsent(name.replaceFirst("\\d+\\.weight", "weight"),
                        any -> new ByteArrayOutputStream()).writeBytes(bytes);
            } else {
                long[] shape = tensor.shape().stream().mapToLong(n -> n).toArray();
                file.tensor(stored(name), NUMBERS.get(tensor.dtype()), bytes, shape);
            }
        });
        experts.forEach((name, bytes) -> {
            Tensor one = tensors.get(name.replace("weight", "0.weight"));
            file.tensor(stored(name), NUMBERS.get(one.dtype()), bytes.toByteArray(), 16, one.shape().get(0),
                    one.shape().get(1));
        });
        return file;
    }

    /** Returns the name in a GGUF file, by the table of the format. */
    private static String stored(String name) {
        String inLayer = name.replaceFirst("model\\.layers\\.\\d+\\.", "");
        String found = NAMES.lines().map(line -> line.split(" ")).filter(pair -> pair[0].equals(inLayer))
                .findFirst().orElseThrow(() -> new AssertionError(name))[1];
        return inLayer.equals(name) ? found : "blk." + name.split("\\.")[2] + "." + found;
    }

    /** Writes a folder with the tensors, and with the keys that the file has. */
    private Path folder(Path file, Map<String, Tensor> tensors) throws IOException {
        Path model = Files.createDirectory(folder.resolve("folder"));
        try (Checkpoint checkpoint = Checkpoint.open(file, true)) {
            Files.writeString(model.resolve("config.json"),
                    Json.write(new GgufNames(checkpoint, file.toString()).config()));
        }
        Safetensors.write(model.resolve("model.safetensors"), Map.of(), new ArrayList<>(tensors.values()));
        return model;
    }

    private static float[][] logits(Path path, int[] ids) {
        float[][] found = new float[ids.length][];
        try (Model model = Model.load(path, ModelOptions.defaults().withThreads(2));
                Session session = model.newSession()) {
            session.prefill(ids, (position, logits) -> found[position] = logits.clone());
        }
        return found;
    }

    @Test
    void whatLlamaCppHasNotIsRefused() throws IOException {
        assertRefused(gguf(Map.of(), 255, 1.15f, 2), "dragon.expert_feed_forward_length", "[256, 256, 256, 256, 255]");
        assertRefused(gguf(Map.of(), 256, 0.5f, 2), "dragon.gate_bias: expected 0 or 1.15, found 0.5");
        assertRefused(gguf(Map.of(), 256, 0f, 1), "dragon.expert_gating_func: expected 2, a sigmoid, found 1");
        assertRefused(gguf(Map.of(), 256, 0f, 2).floats("blk.0.ssm_conv1d.weight", new float[1], 1),
                "found blk.0.ssm_conv1d.weight, which t6j has no place for");
    }

    private void assertRefused(GgufFile file, String... parts) throws IOException {
        Path written = Files.write(folder.resolve("refused.gguf"), file.make());
        assertThatThrownBy(() -> Model.load(written)).isInstanceOf(ModelFormatException.class)
                .hasMessageContainingAll(parts);
    }
}
