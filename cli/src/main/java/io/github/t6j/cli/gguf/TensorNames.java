package io.github.t6j.cli.gguf;

import io.github.t6j.cli.gguf.GgufFile.Part;
import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.TensorReader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Names and contents of tensors in GGUF files. Vectors and routers are f32, as in files of llama.cpp's converter. Files
 * of the architectures llama, smollm3 and granite store the two rows of a rotated pair next to each other; files of
 * Gemma store gains with the 1 that Hugging Face leaves out; the matrices of a layer's experts are one tensor.
 *
 * @param architecture value of general.architecture
 * @param headDim elements of a head
 * @param reader reads the elements of the model's tensors
 */
record TensorNames(String architecture, int headDim, TensorReader reader) {
    private static final Set<String> PAIRED = Set.of("llama", "smollm3", "granite");
    private static final Map<String, String> OUTER = Map.of(
            "model.embed_tokens", "token_embd", "model.norm", "output_norm", "lm_head", "output");
    private static final Map<String, String> INNER = Map.ofEntries(
            Map.entry("input_layernorm", "attn_norm"), Map.entry("self_attn.q_proj", "attn_q"),
            Map.entry("self_attn.k_proj", "attn_k"), Map.entry("self_attn.v_proj", "attn_v"),
            Map.entry("self_attn.o_proj", "attn_output"), Map.entry("self_attn.q_norm", "attn_q_norm"),
            Map.entry("self_attn.k_norm", "attn_k_norm"), Map.entry("post_attention_layernorm", "ffn_norm"),
            Map.entry("mlp.gate_proj", "ffn_gate"), Map.entry("mlp.up_proj", "ffn_up"),
            Map.entry("mlp.down_proj", "ffn_down"), Map.entry("self_attn.qkv_proj", "attn_qkv"),
            Map.entry("mlp.gate_up_proj", "ffn_up"), Map.entry("mlp.gate", "ffn_gate_inp"),
            Map.entry("block_sparse_moe.gate", "ffn_gate_inp"), Map.entry("experts.gate_proj", "ffn_gate_exps"),
            Map.entry("experts.up_proj", "ffn_up_exps"), Map.entry("experts.down_proj", "ffn_down_exps"),
            Map.entry("experts.w1", "ffn_gate_exps"), Map.entry("experts.w3", "ffn_up_exps"),
            Map.entry("experts.w2", "ffn_down_exps"));
    private static final Map<String, String> OF_GEMMA = Map.of(
            "post_attention_layernorm", "post_attention_norm", "pre_feedforward_layernorm", "ffn_norm",
            "post_feedforward_layernorm", "post_ffw_norm");
    private static final Pattern LAYER = Pattern.compile("model\\.layers\\.(\\d+)\\.(.+)");
    private static final Pattern EXPERT = Pattern.compile("(?:mlp|block_sparse_moe)\\.experts\\.\\d+\\.(.+)");

    /** Returns the tensors in the form of the file, in the order of {@code tensors}. */
    List<Part> parts(Map<String, Tensor> tensors) {
        Map<String, List<Tensor>> named = new LinkedHashMap<>(); // experts together
        tensors.forEach((name, tensor) -> named.computeIfAbsent(name(name), _ -> new ArrayList<>()).add(tensor));
        List<Part> parts = new ArrayList<>();
        named.forEach((name, same) -> parts.add(name.contains("_exps") ? stacked(name, same) : part(name, same)));
        return parts;
    }

    /** Returns the name in the file, such as blk.0.attn_q.weight for model.layers.0.self_attn.q_proj.weight. */
    private String name(String name) {
        int dot = name.lastIndexOf('.');
        String kind = name.substring(dot);
        String part = name.substring(0, dot);
        if (OUTER.containsKey(part)) {
            return OUTER.get(part) + kind;
        }
        Matcher layer = LAYER.matcher(part);
        if (layer.matches()) {
            Matcher expert = EXPERT.matcher(layer.group(2));
            String inner = expert.matches() ? "experts." + expert.group(1) : layer.group(2);
            String theirs = architecture.startsWith("gemma") && OF_GEMMA.containsKey(inner)
                    ? OF_GEMMA.get(inner)
                    : INNER.get(inner);
            if (theirs != null) {
                return "blk." + layer.group(1) + "." + theirs + kind;
            }
        }
        throw new IllegalArgumentException(name + ": expected a tensor that GGUF files of the architecture "
                + architecture + " have, found this one");
    }

    private Part stacked(String name, List<Tensor> matrices) {
        List<Long> shape = new ArrayList<>(List.of((long) matrices.size()));
        shape.addAll(matrices.getFirst().shape());
        List<Function<Arena, MemorySegment>> parts = new ArrayList<>();
        matrices.forEach(matrix -> parts.add(arena -> reader.whole(matrix, arena).data()));
        return new Part(name, fitting(matrices.getFirst()), shape, parts);
    }

    private Part part(String name, List<Tensor> single) {
        Tensor tensor = single.getFirst();
        boolean isF32 = tensor.shape().size() == 1 || name.endsWith("ffn_gate_inp.weight");
        DType dtype = isF32 ? DType.F32 : fitting(tensor);
        boolean isPaired = PAIRED.contains(architecture) && name.matches("blk\\.\\d+\\.attn_[qk]\\..*");
        return new Part(name, dtype, tensor.shape(), List.of(arena -> {
            Tensor read = reader.whole(tensor, arena);
            MemorySegment data = isF32 ? floats(name, read, arena) : read.data();
            return isPaired ? paired(data, tensor.rowCount(), arena) : data;
        }));
    }

    /** @throws CommandFailure if the rows are not whole blocks: t6j fills the last one, but GGUF has no such rows */
    private DType fitting(Tensor tensor) {
        DType dtype = reader.dtype(tensor);
        long columns = tensor.shape().getLast();
        if (columns % dtype.blockSize() != 0) {
            throw new CommandFailure(tensor.name() + ": expected, for a GGUF file of " + dtype + ", rows of a multiple"
                    + " of " + dtype.blockSize() + " elements, found " + columns + ": use --dtype "
                    + (columns % DType.Q8_0.blockSize() == 0 ? "q8_0 or f16" : "f16"));
        }
        return dtype;
    }

    private MemorySegment floats(String name, Tensor tensor, Arena arena) {
        float[] elements = tensor.toFloats();
        if (architecture.startsWith("gemma") && name.endsWith("norm.weight")) {
            for (int i = 0; i < elements.length; i++) {
                elements[i] += 1f;
            }
        }
        MemorySegment data = arena.allocate((long) elements.length * Float.BYTES, Float.BYTES);
        DType.F32.write(elements, 0, data, 0, elements.length);
        return data;
    }

    /** Moves row i + s · headDim/2 of each head to row 2i + s. */
    private MemorySegment paired(MemorySegment rows, long count, Arena arena) {
        long bytes = rows.byteSize() / count;
        long half = headDim / 2;
        MemorySegment moved = arena.allocate(rows.byteSize(), Float.BYTES);
        for (long row = 0; row < count; row++) {
            long inHead = row % headDim;
            long to = row - inHead + inHead % half * 2 + inHead / half;
            MemorySegment.copy(rows, row * bytes, moved, to * bytes, bytes);
        }
        return moved;
    }
}
