package io.github.t6j.family.gguf;

import io.github.t6j.ModelFormatException;
import io.github.t6j.family.VariantJson;
import io.github.t6j.family.llama.LlamaNames;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.NativeMemory;
import io.github.t6j.weights.QuantizedBlock;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.TensorReader;
import io.github.t6j.weights.checkpoint.Checkpoint;
import java.lang.foreign.Arena;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Presents a GGUF file of a Llama-like model in the form of Hugging Face: names of tensors, order of their rows, keys
 * of config.json. Supports the architectures llama (also used for Mistral's models and Mixtral), qwen2, qwen3,
 * qwen3moe, smollm3, granite, phi3, gemma2, gemma3 and dragon (Olala).
 *
 * <p>Files of the architectures llama, smollm3 and granite store the query and key rows of a head so that the two rows
 * of a rotated pair are adjacent: row 2i + s is row s · headDim/2 + i of Hugging Face. {@link #rows} restores the order
 * of Hugging Face. Files of Gemma store whole gains of norms, Hugging Face stores them less 1. {@link #rows} subtracts
 * the 1 and the loader adds it again, with the same bits for each gain that is a rounded sum of 1 and another float.
 */
public final class GgufNames implements TensorReader {
    /** Tensor that is part of {@link #config} and not of {@link #tensors}. */
    static final String ROPE_FACTORS = "rope_freqs.weight";
    /** Classification head of a reranker, which is not part of the language model. */
    public static final String CLASSIFIER = "cls.output.weight";

    private static final String ARCHITECTURE = "general.architecture";
    private static final List<String> ARCHITECTURES =
            List.of("llama", "qwen2", "qwen3", "qwen3moe", "smollm3", "granite", "phi3", "gemma2", "gemma3",
                    GgufDragon.ARCHITECTURE);
    private static final Set<String> PAIRED = Set.of("llama", "smollm3", "granite");
    /** Smallest number of elements of an expert's matrix; the names of smaller ones would take more memory. */
    private static final long MIN_ELEMENTS = 256;

    /** Limit for a head of 2¹⁶ elements, a thousand times the largest published. */
    private static final int MAX_FACTORS = 1 << 15;

    private static final Map<String, String> OUTER = Map.of(
            "token_embd.weight", LlamaNames.EMBEDDING,
            "output_norm.weight", LlamaNames.OUTPUT_NORM,
            "output.weight", LlamaNames.OUTPUT);
    private static final Map<String, String> OF_A_BLOCK = Map.ofEntries(
            Map.entry("attn_norm", "input_layernorm"),
            Map.entry("attn_q", "self_attn.q_proj"),
            Map.entry("attn_k", "self_attn.k_proj"),
            Map.entry("attn_v", "self_attn.v_proj"),
            Map.entry("attn_output", "self_attn.o_proj"),
            Map.entry("attn_q_norm", "self_attn.q_norm"),
            Map.entry("attn_k_norm", "self_attn.k_norm"),
            Map.entry("ffn_norm", "post_attention_layernorm"),
            Map.entry("ffn_gate", "mlp.gate_proj"),
            Map.entry("ffn_up", "mlp.up_proj"),
            Map.entry("ffn_down", "mlp.down_proj"));
    private static final Map<String, String> OF_PHI3 = Map.of(
            "attn_qkv", "self_attn.qkv_proj", "ffn_up", "mlp.gate_up_proj");
    private static final Map<String, String> OF_GEMMA = Map.of(
            "post_attention_norm", "post_attention_layernorm", "ffn_norm", "pre_feedforward_layernorm",
            "post_ffw_norm", "post_feedforward_layernorm");
    /** Routers, and tensors of three dimensions with the matrices of all experts; %d is the expert. */
    private static final Map<String, String> OF_EXPERTS = Map.of(
            "ffn_gate_inp", "mlp.gate", "ffn_gate_exps", "mlp.experts.%d.gate_proj",
            "ffn_up_exps", "mlp.experts.%d.up_proj", "ffn_down_exps", "mlp.experts.%d.down_proj");
    private static final Map<String, String> OF_MIXTRAL = Map.of(
            "ffn_gate_inp", "block_sparse_moe.gate", "ffn_gate_exps", "block_sparse_moe.experts.%d.w1",
            "ffn_up_exps", "block_sparse_moe.experts.%d.w3", "ffn_down_exps", "block_sparse_moe.experts.%d.w2");
    private static final Map<String, String> SAMPLING = Map.of(
            "temp", "temperature", "top_k", "top_k", "top_p", "top_p", "min_p", "min_p",
            "penalty_repeat", "repetition_penalty");
    /** Tensor of one expert, in files of before spring 2024. */
    private static final Pattern ONE_EXPERT = Pattern.compile("blk\\.\\d+\\.ffn_(gate|up|down)\\.\\d+\\.weight");
    private static final Pattern BLOCK = Pattern.compile("blk\\.(\\d+)\\.(\\w+)\\.(weight|bias)");

    private final Checkpoint checkpoint;
    private final String where;
    private final Map<String, Object> config;
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();
    /** Head sizes of the tensors whose rows the file stores in pairs, by tensor name. */
    private final Map<String, Long> pairedHeadDims = new HashMap<>();
    private final boolean isGemma;

    /**
     * Reads the names and keys of {@code checkpoint}, a GGUF file.
     *
     * @param where name of the file in errors
     * @throws ModelFormatException if the architecture is not supported, a key is missing, or a tensor does not belong
     *     to the architecture
     */
    public GgufNames(Checkpoint checkpoint, String where) {
        this.checkpoint = checkpoint;
        this.where = where;
        Object architecture = checkpoint.gguf().get(ARCHITECTURE);
        if (!(architecture instanceof String name) || !ARCHITECTURES.contains(name)) {
            throw ModelFormatException.unsupported(
                    where + ": " + ARCHITECTURE + ": expected one of " + ARCHITECTURES + ", found "
                            + (architecture instanceof String other ? other : "none"));
        }
        isGemma = name.startsWith("gemma");
        config = Collections.unmodifiableMap(
                new GgufConfig(checkpoint.gguf(), name, where).read(checkpoint.tensors(), this::factors));
        checkpoint.tensors().values().forEach(tensor -> {
            if (name.equals(GgufDragon.ARCHITECTURE)) {
                addDragon(tensor);
            } else if (!addExperts(tensor)) {
                add(tensor, name);
            }
        });
    }

    private void addDragon(Tensor tensor) {
        if (GgufDragon.isRepeated(tensor.name())) {
            return;
        }
        String name = GgufDragon.name(tensor.name());
        if (name == null) {
            throw unknown(tensor, GgufDragon.ARCHITECTURE);
        }
        tensors.put(name, new Tensor(name, tensor.dtype(), tensor.shape(), tensor.data()));
    }

    private ModelFormatException unknown(Tensor tensor, String architecture) {
        return ModelFormatException.unsupported(where + ": expected the tensors of a " + architecture + " model, found "
                + tensor.name() + ", which t6j has no place for");
    }

    /** Adds a router, or the matrices of all experts, and returns true if the tensor is one of these. */
    private boolean addExperts(Tensor tensor) {
        Matcher block = BLOCK.matcher(tensor.name());
        boolean isMixtral = config.get("model_type").equals("mixtral");
        boolean isQwen = config.get("model_type").equals("qwen3_moe");
        Map<String, String> names = isMixtral ? OF_MIXTRAL : isQwen ? OF_EXPERTS : Map.of();
        if (!block.matches() || !names.containsKey(block.group(2)) || !block.group(3).equals("weight")) {
            return false;
        }
        String name = "model.layers." + block.group(1) + "." + names.get(block.group(2)) + ".weight";
        if (!name.contains("%d")) {
            tensors.put(name, new Tensor(name, tensor.dtype(), tensor.shape(), tensor.data()));
            return true;
        }
        long experts = (Long) config.get(isMixtral ? "num_local_experts" : "num_experts");
        if (tensor.shape().size() != 3 || tensor.rowCount() != experts
                || tensor.elementCount() < MIN_ELEMENTS * experts) {
            throw new ModelFormatException(where + ": " + tensor.name() + ": expected a matrix for each of " + experts
                    + " experts, of at least " + MIN_ELEMENTS + " elements, found shape " + tensor.shape());
        }
        for (int expert = 0; expert < experts; expert++) {
            Tensor matrix = tensor.matrix(expert, name.replace("%d", Integer.toString(expert)));
            tensors.put(matrix.name(), matrix);
        }
        return true;
    }

    /**
     * Returns the keys that config.json would have: model_type, hidden_act, hidden_size, intermediate_size,
     * num_hidden_layers, num_attention_heads, num_key_value_heads, head_dim, rms_norm_eps, max_position_embeddings,
     * tie_word_embeddings, vocab_size, attention_bias, mlp_bias, rope_theta, rope_scaling, bos_token_id, eos_token_id
     * (a number, or a list of all ids that end a text), and the numbers and sizes of experts. Keys without a
     * counterpart in the file are omitted.
     *
     * <p>Some architectures have further keys, see {@link GgufArchitecture}. {@code rope_scaling} has the form of
     * Hugging Face for linear, yarn and longrope; any other type is passed on unchanged. GGUF files do not store the
     * parameters of llama3 scaling but its result, the tensor rope_freqs.weight. That becomes
     *
     * <pre>
     *   "rope_scaling": {"rope_type": "gguf_factors", "factors": [headDim / 2 numbers above 0]}
     * </pre>
     *
     * and the inverse frequency of pair i is rope_theta^(−2i/headDim) / factors[i]; cosines and sines are not scaled.
     */
    public Map<String, Object> config() {
        return config;
    }

    /**
     * Returns {@code stored}, the t6j.json next to the file, with llama.cpp's reading of Olala's window unless it names
     * one.
     *
     * @param keys as {@link #config} returns them
     */
    public static VariantJson variant(VariantJson stored, Map<String, Object> keys) {
        boolean hasWindow = keys.get("slw_wsize") instanceof Long size && size > 0;
        return hasWindow && !stored.has("window") ? stored.with("window", "limits") : stored;
    }

    /**
     * Returns the keys that generation_config.json would have: do_sample, temperature, top_k, top_p, min_p and
     * repetition_penalty; empty if the file has no keys {@code general.sampling.*}.
     */
    public Map<String, Object> generation() {
        Map<String, Object> keys = new LinkedHashMap<>();
        SAMPLING.forEach((name, key) -> {
            if (checkpoint.gguf().get("general.sampling." + name) instanceof Object value) {
                keys.put(key, value);
            }
        });
        if (!keys.isEmpty()) {
            keys.put("do_sample", true);
        }
        return keys;
    }

    /** Returns the tensors by their names at Hugging Face, in the file's order; {@link #rows} reads their elements. */
    public Map<String, Tensor> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    /** Returns the type of a tensor's rows: IQ4_NL is unpacked to Q8_0, which has the same numbers. */
    @Override
    public DType dtype(Tensor tensor) {
        return tensor.dtype() == DType.IQ4_NL ? DType.Q8_0 : tensor.dtype();
    }

    /** Reads rows of one of {@link #tensors} in the order of Hugging Face; otherwise the same as the checkpoint. */
    @Override
    public Tensor rows(Tensor tensor, long first, long count, Arena memory) {
        Tensor stored = storedRows(tensor, first, count, memory);
        return stored.dtype() == DType.IQ4_NL ? QuantizedBlock.unpacked(stored, memory) : stored;
    }

    private Tensor storedRows(Tensor tensor, long first, long count, Arena memory) {
        if (isGemma && tensor.name().endsWith("norm.weight")) {
            return lessOne(checkpoint.rows(tensor, first, count, memory));
        }
        Long headDim = pairedHeadDims.get(tensor.name());
        return headDim == null
                ? checkpoint.rows(tensor, first, count, memory)
                : checkpoint.rows(tensor, first, count, row -> pairedRow(row, headDim), memory);
    }

    /** Returns the file's row for row {@code row} of Hugging Face. */
    private static long pairedRow(long row, long headDim) {
        long inHead = row % headDim;
        long half = headDim / 2;
        return row - inHead + inHead % half * 2 + inHead / half;
    }

    private static Tensor lessOne(Tensor gains) {
        float[] elements = gains.toFloats();
        for (int i = 0; i < elements.length; i++) {
            elements[i] -= 1f;
        }
        return Tensor.of(gains.name(), gains.dtype(), elements, elements.length);
    }

    /** Returns the elements of a tensor of RoPE's factors, or null if the file has no tensor of that name. */
    private float[] factors(String name) {
        Tensor factors = checkpoint.tensors().get(name);
        if (factors == null) {
            return null;
        }
        if (factors.shape().size() != 1 || factors.elementCount() > MAX_FACTORS) {
            throw new ModelFormatException(
                    where + ": " + name + ": expected a factor for each pair of elements of"
                            + " a head, found shape " + factors.shape());
        }
        try (NativeMemory copies = NativeMemory.confined()) {
            return checkpoint.whole(factors, copies).toFloats();
        }
    }

    private void add(Tensor tensor, String architecture) {
        Matcher block = BLOCK.matcher(tensor.name());
        String name = OUTER.get(tensor.name());
        String inBlock = block.matches() ? nameInBlock(block.group(2), architecture) : null;
        if (inBlock != null) {
            String part = block.group(2);
            name = "model.layers." + block.group(1) + "." + inBlock + "." + block.group(3);
            if (PAIRED.contains(architecture) && (part.equals("attn_q") || part.equals("attn_k"))) {
                pairedHeadDims.put(name,
                        headDim(part.equals("attn_q") ? "num_attention_heads" : "num_key_value_heads", tensor));
            }
        }
        boolean isList = architecture.equals("phi3") && GgufArchitecture.LISTS.contains(tensor.name());
        if (name == null && (tensor.name().equals(ROPE_FACTORS) || tensor.name().equals(CLASSIFIER) || isList)) {
            return;
        }
        if (ONE_EXPERT.matcher(tensor.name()).matches()) {
            throw ModelFormatException
                    .unsupported(where + ": " + tensor.name() + ": expected the matrices of all experts"
                            + " in one tensor, found one expert's: convert the model again with a recent llama.cpp");
        }
        if (name == null) {
            throw unknown(tensor, architecture);
        }
        tensors.put(name, new Tensor(name, tensor.dtype(), tensor.shape(), tensor.data()));
    }

    /** Returns the name of a part of a block at Hugging Face, or null for an unknown one. */
    private static String nameInBlock(String part, String architecture) {
        Map<String, String> names = switch (architecture) {
            case "phi3" -> OF_PHI3;
            case "gemma2", "gemma3" -> OF_GEMMA;
            default -> Map.of();
        };
        return names.getOrDefault(part, OF_A_BLOCK.get(part));
    }

    private long headDim(String key, Tensor tensor) {
        long heads = (Long) config.get(key);
        long rows = tensor.rowCount();
        if (rows % (2 * heads) != 0) {
            throw new ModelFormatException(
                    where + ": " + tensor.name() + ": expected rows in pairs for each of " + heads
                            + " heads, found " + rows + " rows");
        }
        return rows / heads;
    }
}
