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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** GGUF file of a Llama model with random f32 weights and tied embeddings. */
final class LlamaFile {
    private static final int ALIGNMENT = 32;
    private static final int U32 = 4;
    private static final int I32 = 5;
    private static final int FLOAT = 6;
    private static final int STRING = 8;
    private static final int ARRAY = 9;
    private static final int F32 = 0;

    private final ByteArrayOutputStream header = new ByteArrayOutputStream();
    private final Map<String, int[]> tensors = new LinkedHashMap<>(); // sizes, the row's first

    private LlamaFile() {}

    /** Writes a model without a tokenizer; {@code file} is new. */
    static void write(Path file, PeerShape shape) throws IOException {
        write(file, shape, false);
    }

    /** Writes a model. @param words true to add a vocabulary, which some engines need to load a file */
    static void write(Path file, PeerShape shape, boolean words) throws IOException {
        new LlamaFile().writeAll(file, shape, words);
    }

    private void writeAll(Path file, PeerShape shape, boolean words) throws IOException {
        addTensors(shape);
        Map<String, Object> keys = keys(shape);
        if (words) {
            keys.putAll(vocabulary(shape.vocabulary()));
        }
        put("GGUF".getBytes(StandardCharsets.US_ASCII), 3, (long) tensors.size(), (long) keys.size());
        keys.forEach((name, value) -> put(name, type(value), value));
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

    /** Returns a byte-level vocabulary of GPT-2's kind: 256 letters, a merge of two, unused words, two marks. */
    private static Map<String, Object> vocabulary(int size) {
        List<String> tokens = new ArrayList<>();
        for (int c = 0, other = 256; c < 256; c++) {
            boolean printed = c >= '!' && c <= '~' || c >= '¡' && c <= '¬' || c >= '®';
            tokens.add(Character.toString(printed ? c : other++));
        }
        tokens.add("!!");
        while (tokens.size() < size - 2) {
            tokens.add("<x" + tokens.size() + ">");
        }
        tokens.addAll(List.of("<s>", "</s>"));
        List<Integer> types = new ArrayList<>(Collections.nCopies(size, 1)); // normal
        types.set(size - 2, 3); // a mark
        types.set(size - 1, 3);
        return Map.of("tokenizer.ggml.model", "gpt2", "tokenizer.ggml.pre", "gpt-2", "tokenizer.ggml.tokens", tokens,
                "tokenizer.ggml.token_type", types, "tokenizer.ggml.merges", List.of("! !"),
                "tokenizer.ggml.bos_token_id", size - 2, "tokenizer.ggml.eos_token_id", size - 1);
    }

    private static int type(Object value) {
        return switch (value) {
            case String _ -> STRING;
            case Float _ -> FLOAT;
            case List<?> _ -> ARRAY;
            default -> U32;
        };
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
                case String text -> {
                    byte[] letters = text.getBytes(StandardCharsets.UTF_8);
                    put((long) letters.length, letters);
                }
                case List<?> items -> {
                    put(items.getFirst() instanceof String ? STRING : I32, (long) items.size());
                    items.forEach(this::put);
                }
                default -> throw new IllegalArgumentException(value.toString());
            }
            header.write(eight.array(), 0, eight.position());
        }
    }
}
