package io.github.t6j.cli.formats;

import io.github.t6j.cli.formats.ModelKind.PlannedTensor;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.KQuantBlock;
import io.github.t6j.weights.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A model with random weights for its files.
 *
 * @param config config.json
 * @param variant t6j.json; empty for none
 * @param aliases second names of tensors in a state dict
 */
public record StoredModel(
        Map<String, Object> config, Map<String, Object> variant, List<Tensor> tensors, Map<String, String> aliases) {

    /**
     * Creates the weights. Matrices are in {@code dtype} if their rows are whole blocks of it or {@code pads} is true,
     * and otherwise in f16, as in tools for GGUF.
     */
    static StoredModel random(ModelKind.Plan plan, DType dtype, boolean pads, long seed) {
        Random random = new Random(seed);
        List<Tensor> tensors = new ArrayList<>();
        Map<String, String> aliases = new LinkedHashMap<>();
        for (PlannedTensor tensor : plan.tensors()) {
            boolean matrix = tensor.shape().size() == 2;
            boolean whole = pads || tensor.shape().getLast() % dtype.blockSize() == 0;
            boolean isRouter = tensor.name().matches(".*(mlp|block_sparse_moe)\\.gate\\.weight");
            DType fitting = !dtype.isQuantized() ? dtype : !matrix || isRouter ? DType.F32 : whole ? dtype : DType.F16;
            tensors.add(random(tensor, fitting, random));
            if (tensor.alias() != null) {
                aliases.put(tensor.alias(), tensor.name());
            }
        }
        return new StoredModel(plan.config(), plan.variant(), tensors, aliases);
    }

    private static long[] shape(List<Long> shape) {
        return shape.stream().mapToLong(n -> n).toArray();
    }

    private static Tensor random(PlannedTensor tensor, DType dtype, Random random) {
        double deviation = deviation(tensor);
        if (KQuantBlock.describes(dtype)) {
            return RandomBlocks.tensor(tensor.name(), dtype, tensor.shape(), deviation, random);
        }
        float mean = tensor.shape().size() == 1 && !tensor.name().endsWith("bias") ? 1 : 0;
        float[] elements = new float[Math.toIntExact(tensor.shape().stream().reduce(1L, Math::multiplyExact))];
        for (int i = 0; i < elements.length; i++) {
            elements[i] = mean + (float) (random.nextGaussian() * deviation);
        }
        return Tensor.of(tensor.name(), dtype, elements, shape(tensor.shape()));
    }

    /** Returns a standard deviation for which scores are about 1 and logits about 3. */
    private static double deviation(PlannedTensor tensor) {
        if (tensor.shape().size() == 1) {
            return 0.1;
        }
        if (tensor.name().matches(".*(embed_tokens|lm_head)\\.weight")) {
            return 0.3;
        }
        if (!tensor.name().endsWith(".weight") && tensor.shape().size() == 2) {
            return 1; // a fixed factor
        }
        return 1.2 / Math.sqrt(tensor.shape().get(1)); // of inputs, also in [latents, inputs, outputs]
    }
}
