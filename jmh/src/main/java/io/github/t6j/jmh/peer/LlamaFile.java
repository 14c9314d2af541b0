package io.github.t6j.jmh.peer;

import io.github.t6j.jmh.peer.PeerShape.Block;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** GGUF file of a Llama model with random f32 weights, tied embeddings and no tokenizer. */
final class LlamaFile {
    private static final int ALIGNMENT = 32;
    private static final int U32 = 4;
    private static final int FLOAT = 6;
    private static final int STRING = 8;
    private static final int F32 = 0;

    private final ByteArrayOutputStream header = new ByteArrayOutputStream();
    private final Map<String, int[]> tensors = new LinkedHashMap<>(); // sizes, the row's first

    private LlamaFile() {}

    /** Writes a model; {@code file} is new. */
    static void write(Path file, PeerShape shape) throws IOException {
        new LlamaFile().writeAll(file, shape);
    }

    private void writeAll(Path file, PeerShape shape) throws IOException {
        addTensors(shape);
        Map<String, Object> keys = keys(shape);
        put("GGUF".getBytes(StandardCharsets.US_ASCII), 3, (long) tensors.size(), (long) keys.size());
        keys.forEach((name, value) -> put(name, value instanceof String ? STRING : value instanceof Float ? FLOAT : U32,
                value));
        long offset = 0;
        for (Map.Entry<String, int[]> tensor : tensors.entrySet()) {
            int[] sizes = tensor.getValue();
            put(tensor.getKey(), sizes.length);
            Arrays.stream(sizes).forEach(size -> put((long) size));
            put(F32, offset);
            offset += padded(bytes(sizes));
        }
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
            out.write(header.toByteArray());
            out.write(new byte[(int) (padded(header.size()) - header.size())]);
            for (Map.Entry<String, int[]> tensor : tensors.entrySet()) {
                long bytes = bytes(tensor.getValue());
                Block block = tensor.getValue().length == 1 ? Block.ONES : Block.RANDOM;
                block.write(tensor.getKey(), bytes, out);
                out.write(new byte[(int) (padded(bytes) - bytes)]);
            }
        }
    }

    private static Map<String, Object> keys(PeerShape shape) {
        Map<String, Object> keys = new LinkedHashMap<>();
        keys.put("general.architecture", "llama");
        keys.put("tokenizer.ggml.model", "no_vocab");
        keys.put("llama.vocab_size", shape.vocabulary());
        keys.put("llama.context_length", 32768);
        keys.put("llama.embedding_length", shape.width());
        keys.put("llama.block_count", shape.layers());
        keys.put("llama.feed_forward_length", shape.hidden());
        keys.put("llama.attention.head_count", shape.heads());
        keys.put("llama.attention.head_count_kv", shape.keyHeads());
        keys.put("llama.attention.key_length", shape.headDim());
        keys.put("llama.attention.value_length", shape.headDim());
        keys.put("llama.rope.dimension_count", shape.headDim());
        keys.put("llama.rope.freq_base", 10000f);
        keys.put("llama.attention.layer_norm_rms_epsilon", 1e-5f);
        return keys;
    }

    private void addTensors(PeerShape shape) {
        int width = shape.width();
        int queries = shape.heads() * shape.headDim();
        int keys = shape.keyHeads() * shape.headDim();
        tensors.put("token_embd.weight", new int[] {width, shape.vocabulary()});
        tensors.put("output_norm.weight", new int[] {width});
        for (int layer = 0; layer < shape.layers(); layer++) {
            String block = "blk." + layer + ".";
            tensors.put(block + "attn_norm.weight", new int[] {width});
            tensors.put(block + "attn_q.weight", new int[] {width, queries});
            tensors.put(block + "attn_k.weight", new int[] {width, keys});
            tensors.put(block + "attn_v.weight", new int[] {width, keys});
            tensors.put(block + "attn_output.weight", new int[] {queries, width});
            tensors.put(block + "ffn_norm.weight", new int[] {width});
            tensors.put(block + "ffn_gate.weight", new int[] {width, shape.hidden()});
            tensors.put(block + "ffn_up.weight", new int[] {width, shape.hidden()});
            tensors.put(block + "ffn_down.weight", new int[] {shape.hidden(), width});
        }
    }

    private static long bytes(int[] sizes) {
        return Arrays.stream(sizes).asLongStream().reduce(Float.BYTES, Math::multiplyExact);
    }

    private static long padded(long bytes) {
        return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    /** Appends numbers in the width of their type, bytes, and strings after their length. */
    private void put(Object... values) {
        for (Object value : values) {
            ByteBuffer eight = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
            switch (value) {
                case Integer number -> eight.putInt(number);
                case Long number -> eight.putLong(number);
                case Float number -> eight.putFloat(number);
                case byte[] raw -> header.writeBytes(raw);
                case String text -> put((long) text.length(), text.getBytes(StandardCharsets.US_ASCII));
                default -> throw new IllegalArgumentException(value.toString());
            }
            header.write(eight.array(), 0, eight.position());
        }
    }
}
