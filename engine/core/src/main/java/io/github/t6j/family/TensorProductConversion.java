package io.github.t6j.family;

import io.github.t6j.ModelFormatException;
import io.github.t6j.attention.grouped.GroupedFactors;
import io.github.t6j.model.NamedTensors;
import io.github.t6j.weights.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Rewrites the tensors of MHA, GQA and MQA as the tensor product attention that {@link GroupedFactors} describes.
 * Matrices stay unchanged under other names; the fixed head factors are added.
 *
 * @param tensors by name
 * @param config keys of config.json
 * @param variant keys of t6j.json
 */
public record TensorProductConversion(Map<String, Tensor> tensors, Map<String, Object> config, VariantJson variant) {
    private static final Pattern PROJECTION = Pattern.compile("(transformer\\.h\\.\\d+\\.attn\\.)c_([qkv])\\.weight");

    /** @throws ModelFormatException if the weights have another attention, or their shapes do not match config.json */
    public static TensorProductConversion of(Map<String, Tensor> grouped, Map<String, Object> config,
            VariantJson variant) {
        if (grouped.containsKey(Shapes.attention(0, "w_q"))) {
            throw ModelFormatException.unsupported(
                    "as tensor product attention: expected the weights of MHA, GQA or MQA, found "
                            + Shapes.attention(0, "w_q")
                            + " of MFA, whose queries have two stages and cannot be kept unchanged");
        }
        long heads = config.get("n_head") instanceof Long value && value > 0 ? value : 0;
        Shapes shapes = new Shapes(new NamedTensors(grouped, "as tensor product attention"));
        long headDim = shapes.quotient(rows(grouped, "q"), heads, "rows of c_q", "n_head of config.json");
        long groups = shapes.quotient(rows(grouped, "k"), headDim, "rows of c_k", "head size");
        shapes.quotient(heads, groups, "n_head of config.json", "heads of c_k");
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        grouped.forEach((name, tensor) -> {
            Matcher projection = PROJECTION.matcher(name);
            if (!projection.matches()) {
                tensors.put(name, tensor);
                return;
            }
            String prefix = projection.group(1) + "c_qkv.";
            String of = projection.group(2);
            if (of.equals("q")) {
                put(tensors, prefix + "c_q.weight", tensor);
            } else {
                put(tensors, prefix + "W_B_" + of + ".weight", tensor);
                float[] factors = GroupedFactors.headFactors(Math.toIntExact(heads), Math.toIntExact(groups));
                put(tensors, prefix + "a_" + of, Tensor.of("head factors", factors, heads, groups));
            }
        });
        Map<String, Object> changed = new LinkedHashMap<>(config);
        changed.keySet().removeAll(List.of("group_size", "q_rank"));
        changed.put("head_dim", headDim);
        changed.put("rank", groups);
        return new TensorProductConversion(tensors, changed, variant.with("fixed", List.of("a_k", "a_v")));
    }

    private static void put(Map<String, Tensor> tensors, String name, Tensor tensor) {
        tensors.put(name, new Tensor(name, tensor.dtype(), tensor.shape(), tensor.data()));
    }

    private static long rows(Map<String, Tensor> tensors, String of) {
        String name = Shapes.attention(0, "c_" + of);
        Tensor tensor = tensors.get(name);
        if (tensor == null || tensor.shape().size() != 2) {
            throw ModelFormatException.unsupported(
                    "as tensor product attention: expected the weights of MHA, GQA or MQA with " + name + ", found "
                            + (tensor == null ? "no such tensor" : "shape " + tensor.shape())
                            + ": only whole heads can be converted to factors");
        }
        return tensor.shape().getFirst();
    }
}
