package io.github.t6j.jmh.peer;

import io.github.t6j.family.NewModel;
import io.github.t6j.family.t6.T6Family;
import io.github.t6j.json.Json;
import io.github.t6j.training.presets.Presets;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.LazyTensor;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.safetensors.Safetensors;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Sizes of a Llama model that t6j and llama.cpp both run.
 *
 * @param hidden elements of the feed-forward layer
 */
record PeerShape(int width, int layers, int heads, int keyHeads, int headDim, int hidden, int vocabulary) {
    /** Returns the shape of a model that both engines run. */
    static PeerShape of(String name) {
        return switch (name) {
            case "mha" -> new PeerShape(768, 12, 12, 12, 64, 2048, 50304);
            case "gqa" -> new PeerShape(768, 12, 22, 2, 64, 2048, 50304);
            case "smollm2-135m" -> new PeerShape(576, 30, 9, 3, 64, 1536, 49152);
            case "qwen2-0.5b" -> new PeerShape(896, 24, 14, 2, 64, 4864, 151936); // without the biases of Qwen2
            default -> throw new IllegalArgumentException("no model " + name);
        };
    }

    /** Returns true if the heads together are as wide as the model, which some engines expect. */
    boolean isSquare() {
        return heads * headDim == width;
    }

    /** Elements that tensors are cut from: a tensor begins at a place that depends on its name. */
    enum Block {
        ONES, RANDOM;

        private final float[] elements = new float[1 << 22];

        Block() {
            SplittableRandom random = new SplittableRandom(1);
            for (int i = 0; i < elements.length; i++) {
                elements[i] = ordinal() == 0 ? 1 : (float) random.nextDouble(-0.035, 0.035); // deviation 0.02
            }
        }

        /** Returns the elements of a tensor. */
        float[] elements(String tensor, int count) {
            float[] copy = new float[count];
            int from = Math.floorMod(tensor.hashCode(), elements.length);
            for (int at = 0; at < count;) {
                int length = Math.min(count - at, elements.length - from);
                System.arraycopy(elements, from, copy, at, length);
                at += length;
                from = 0;
            }
            return copy;
        }

        void write(String tensor, long bytes, OutputStream out) throws IOException {
            float[] all = elements(tensor, Math.toIntExact(bytes / Float.BYTES));
            ByteBuffer buffer = ByteBuffer.allocate((int) bytes).order(ByteOrder.LITTLE_ENDIAN);
            buffer.asFloatBuffer().put(all);
            out.write(buffer.array());
        }
    }

    /** Writes the folder of a T6 with random weights, as {@code t6j init} does. */
    static void writeT6(Path folder, NewModel model, DType dtype) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("config.json"), Json.write(model.configJson("float32")));
        List<LazyTensor> tensors = model.tensors().stream().map(spec -> {
            DType stored = spec.isGain() ? DType.F32 : dtype;
            int count = Math.toIntExact(spec.shape().stream().reduce(1L, Math::multiplyExact));
            return new LazyTensor(spec.name(), stored, spec.shape(), arena -> Tensor.of(spec.name(), stored,
                    (spec.isGain() ? Block.ONES : Block.RANDOM).elements(spec.name(), count),
                    spec.shape().stream().mapToLong(size -> size).toArray()).data());
        }).toList();
        Safetensors.writeLazily(folder.resolve("model.safetensors"),
                Map.of("format", "pt", T6Family.EMBEDDING_NAME, T6Family.HEAD_NAME), tensors);
    }

    /** Returns the T6 of 124 M parameters. */
    static NewModel t6() {
        return Presets.of("t6-small");
    }
}
