package io.github.t6j.jmh.peer;

import io.github.t6j.TestNumbers;
import io.github.t6j.weights.GgufFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;

/** Model of Gemma, Phi-3, Granite or SmolLM3 with the width and heads of a real one, few layers and random weights. */
record DenseModel(String architecture, int width, int heads, int keyHeads, int headDim, int hidden) {
    static final int VOCABULARY = 317;
    static final int WINDOW = 100;
    private static final int ORIGINAL_CONTEXT = 512;

    static List<DenseModel> all() {
        return List.of(
                new DenseModel("gemma3", 640, 4, 1, 256, 2048), new DenseModel("gemma3", 1152, 4, 1, 256, 3456),
                new DenseModel("gemma2", 2304, 8, 4, 256, 2304), new DenseModel("phi3", 1536, 12, 4, 128, 2048),
                new DenseModel("granite", 2048, 32, 8, 64, 2048),
                new DenseModel("smollm3", 1024, 8, 2, 128, 1536));
    }

    /** Returns the largest relative difference from llama.cpp, whose CPU looks GELU up in a table of f16. */
    double bound() {
        return isGemma() ? 1e-2 : 1e-5;
    }

    /** Returns the number of layers: five of SmolLM3, of which the fourth does not rotate. */
    private int layers() {
        return architecture.equals("smollm3") ? 5 : 2;
    }

    private boolean isGemma() {
        return architecture.startsWith("gemma");
    }

    @Override
    public String toString() {
        return "%s %d, %d/%d × %d".formatted(architecture, width, heads, keyHeads, headDim);
    }

    void write(Path file, long seed) throws IOException {
        Random random = new Random(seed);
        GgufFile gguf = new GgufFile().key("general.architecture", architecture);
        keys(gguf, architecture + ".");
        matrix(gguf, random, "token_embd", VOCABULARY, width);
        gain(gguf, random, "output_norm", width);
        if (architecture.equals("phi3")) {
            factors(gguf, random, "rope_factors_short");
            factors(gguf, random, "rope_factors_long");
        }
        for (int layer = 0; layer < layers(); layer++) {
            block(gguf, random, "blk." + layer + ".");
        }
        Files.write(file, gguf.make());
    }

    private void keys(GgufFile gguf, String prefix) {
        gguf.key("tokenizer.ggml.model", "no_vocab").key(prefix + "vocab_size", VOCABULARY)
                .key(prefix + "context_length", 4 * ORIGINAL_CONTEXT).key(prefix + "embedding_length", width)
                .key(prefix + "block_count", layers()).key(prefix + "feed_forward_length", hidden)
                .key(prefix + "attention.head_count", heads).key(prefix + "attention.head_count_kv", keyHeads)
                .key(prefix + "rope.freq_base", isGemma() ? 1e6f : 1e4f)
                .key(prefix + "attention.layer_norm_rms_epsilon", 1e-6f);
        switch (architecture) {
            case "phi3" -> gguf.key(prefix + "rope.dimension_count", rotated())
                    .key(prefix + "rope.scaling.original_context_length", ORIGINAL_CONTEXT)
                    .key(prefix + "rope.scaling.attn_factor", 1.19f).key(prefix + "attention.sliding_window", 0);
            case "granite" -> gguf.key(prefix + "rope.dimension_count", headDim)
                    .key(prefix + "attention.scale", 0.015625f).key(prefix + "embedding_scale", 12f)
                    .key(prefix + "residual_scale", 0.22f).key(prefix + "logit_scale", 8f);
            case "smollm3" -> gguf.key(prefix + "rope.dimension_count", headDim);
            default -> gguf.key(prefix + "attention.key_length", headDim)
                    .key(prefix + "attention.value_length", headDim).key(prefix + "attention.sliding_window", WINDOW);
        }
        if (architecture.equals("gemma2")) {
            gguf.key(prefix + "attn_logit_softcapping", 5f).key(prefix + "final_logit_softcapping", 8f);
        }
        if (architecture.equals("gemma3")) {
            gguf.key(prefix + "rope.scaling.type", "linear").key(prefix + "rope.scaling.factor", 8f)
                    .key(prefix + "attention.sliding_window_pattern", 2);
        }
    }

    private int rotated() {
        return headDim * 3 / 4;
    }

    private void factors(GgufFile gguf, Random random, String name) {
        float[] factors = TestNumbers.uniform(random, rotated() / 2, 0.5f);
        for (int i = 0; i < factors.length; i++) {
            factors[i] += 1.5f;
        }
        gguf.floats(name + ".weight", factors, factors.length);
    }

    private void block(GgufFile gguf, Random random, String block) {
        int queries = heads * headDim;
        int keys = keyHeads * headDim;
        boolean fused = architecture.equals("phi3");
        gain(gguf, random, block + "attn_norm", width);
        if (fused) {
            matrix(gguf, random, block + "attn_qkv", queries + 2 * keys, width);
        } else {
            matrix(gguf, random, block + "attn_q", queries, width);
            matrix(gguf, random, block + "attn_k", keys, width);
            matrix(gguf, random, block + "attn_v", keys, width);
            matrix(gguf, random, block + "ffn_gate", hidden, width);
        }
        matrix(gguf, random, block + "attn_output", width, queries);
        matrix(gguf, random, block + "ffn_up", fused ? 2 * hidden : hidden, width);
        matrix(gguf, random, block + "ffn_down", width, hidden);
        gain(gguf, random, block + "ffn_norm", width);
        if (architecture.equals("gemma3")) {
            gain(gguf, random, block + "attn_q_norm", headDim);
            gain(gguf, random, block + "attn_k_norm", headDim);
        }
        if (isGemma()) {
            gain(gguf, random, block + "post_attention_norm", width);
            gain(gguf, random, block + "post_ffw_norm", width);
        }
    }

    private static void matrix(GgufFile gguf, Random random, String name, int rows, int columns) {
        gguf.floats(name + ".weight", TestNumbers.normal(random, rows * columns, 1 / Math.sqrt(columns)), rows,
                columns);
    }

    private static void gain(GgufFile gguf, Random random, String name, int size) {
        float[] gain = TestNumbers.uniform(random, size, 0.3f);
        for (int i = 0; i < size; i++) {
            gain[i] += 1;
        }
        gguf.floats(name + ".weight", gain, size);
    }
}
