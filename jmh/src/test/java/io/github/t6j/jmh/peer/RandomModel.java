package io.github.t6j.jmh.peer;

import io.github.t6j.TestNumbers;
import io.github.t6j.weights.GgufFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/** Model of the Llama family with the width and heads of a real one, few layers and random weights. */
record RandomModel(
        String architecture, int width, int heads, int keyHeads, int headDim, boolean tied, Rope rope, float base) {
    /** Ways to stretch the context: a tensor of factors, or keys. */
    enum Rope {
        PLAIN, FACTORS, LINEAR, YARN
    }

    static final int LAYERS = 2;
    static final int VOCABULARY = 317;
    static final float EPSILON = 1e-5f;
    static final int EXPERTS = 12;
    static final int USED_EXPERTS = 4;
    static final int EXPERT_HIDDEN = 384;
    static final float STRETCH = 4;
    static final int ORIGINAL_CONTEXT = 512;

    static List<RandomModel> all() {
        List<RandomModel> models = new ArrayList<>();
        for (String architecture : List.of("llama", "qwen2", "qwen3")) {
            boolean llama = architecture.equals("llama");
            models.add(new RandomModel(architecture, 576, 9, 3, 64, llama, llama ? Rope.PLAIN : Rope.YARN, 10_000));
            models.add(
                    new RandomModel(architecture, 768, 12, 2, 64, !llama, llama ? Rope.FACTORS : Rope.PLAIN, 500_000));
            models.add(new RandomModel(architecture, 768, 12, 12, 64, true, Rope.LINEAR, 10_000));
            models.add(new RandomModel(architecture, 1024, 8, 2, 128, false, llama ? Rope.YARN : Rope.LINEAR, 500_000));
        }
        models.add(new RandomModel("qwen3moe", 1024, 8, 2, 128, false, Rope.PLAIN, 1_000_000));
        return models;
    }

    boolean hasExperts() {
        return architecture.equals("qwen3moe");
    }

    int hidden() {
        return width == 768 ? 1792 : 1536;
    }

    @Override
    public String toString() {
        return "%s %d, %d/%d × %d, %s, rope %s %.0f".formatted(architecture, width, heads, keyHeads, headDim,
                tied ? "tied" : "untied", rope.toString().toLowerCase(Locale.ROOT), base);
    }

    void write(Path file, long seed) throws IOException {
        Random random = new Random(seed);
        GgufFile gguf = new GgufFile().key("general.architecture", architecture);
        sizes(gguf);
        matrix(gguf, random, "token_embd", VOCABULARY, width);
        gain(gguf, random, "output_norm", width);
        if (!tied) {
            matrix(gguf, random, "output", VOCABULARY, width);
        }
        if (rope == Rope.FACTORS) {
            float[] factors = TestNumbers.uniform(random, headDim / 2);
            for (int i = 0; i < factors.length; i++) {
                factors[i] = 4.5f + 3.5f * factors[i];
            }
            gguf.floats("rope_freqs.weight", factors, factors.length);
        }
        for (int layer = 0; layer < LAYERS; layer++) {
            block(gguf, random, "blk." + layer + ".");
        }
        Files.write(file, gguf.make());
    }

    private void sizes(GgufFile gguf) {
        String prefix = architecture + ".";
        gguf.key("tokenizer.ggml.model", "no_vocab").key(prefix + "vocab_size", VOCABULARY);
        gguf.key(prefix + "context_length", (int) STRETCH * ORIGINAL_CONTEXT).key(prefix + "embedding_length", width)
                .key(prefix + "block_count", LAYERS).key(prefix + "feed_forward_length", hidden())
                .key(prefix + "attention.head_count", heads).key(prefix + "attention.head_count_kv", keyHeads)
                .key(prefix + "attention.key_length", headDim).key(prefix + "attention.value_length", headDim)
                .key(prefix + "rope.dimension_count", headDim).key(prefix + "rope.freq_base", base)
                .key(prefix + "attention.layer_norm_rms_epsilon", EPSILON);
        if (hasExperts()) {
            gguf.key(prefix + "expert_count", EXPERTS).key(prefix + "expert_used_count", USED_EXPERTS)
                    .key(prefix + "expert_feed_forward_length", EXPERT_HIDDEN);
        }
        if (rope == Rope.LINEAR || rope == Rope.YARN) {
            gguf.key(prefix + "rope.scaling.type", rope == Rope.YARN ? "yarn" : "linear")
                    .key(prefix + "rope.scaling.factor", STRETCH)
                    .key(prefix + "rope.scaling.original_context_length", ORIGINAL_CONTEXT);
        }
    }

    private void block(GgufFile gguf, Random random, String block) {
        int keys = keyHeads * headDim;
        gain(gguf, random, block + "attn_norm", width);
        projection(gguf, random, block + "attn_q", heads * headDim);
        projection(gguf, random, block + "attn_k", keys);
        projection(gguf, random, block + "attn_v", keys);
        matrix(gguf, random, block + "attn_output", width, heads * headDim);
        if (architecture.startsWith("qwen3")) {
            gain(gguf, random, block + "attn_q_norm", headDim);
            gain(gguf, random, block + "attn_k_norm", headDim);
        }
        gain(gguf, random, block + "ffn_norm", width);
        if (hasExperts()) {
            matrix(gguf, random, block + "ffn_gate_inp", EXPERTS, width);
            experts(gguf, random, block + "ffn_gate_exps", EXPERT_HIDDEN, width);
            experts(gguf, random, block + "ffn_up_exps", EXPERT_HIDDEN, width);
            experts(gguf, random, block + "ffn_down_exps", width, EXPERT_HIDDEN);
            return;
        }
        matrix(gguf, random, block + "ffn_gate", hidden(), width);
        matrix(gguf, random, block + "ffn_up", hidden(), width);
        matrix(gguf, random, block + "ffn_down", width, hidden());
    }

    private void projection(GgufFile gguf, Random random, String name, int rows) {
        matrix(gguf, random, name, rows, width);
        if (architecture.equals("qwen2")) {
            gguf.floats(name + ".bias", TestNumbers.normal(random, rows, 0.5), rows);
        }
    }

    private static void matrix(GgufFile gguf, Random random, String name, int rows, int columns) {
        gguf.floats(name + ".weight", TestNumbers.normal(random, rows * columns, 1 / Math.sqrt(columns)), rows,
                columns);
    }

    private static void experts(GgufFile gguf, Random random, String name, int rows, int columns) {
        gguf.floats(name + ".weight", TestNumbers.normal(random, EXPERTS * rows * columns, 1 / Math.sqrt(columns)),
                EXPERTS, rows, columns);
    }

    private static void gain(GgufFile gguf, Random random, String name, int size) {
        float[] gain = TestNumbers.uniform(random, size, 0.3f);
        for (int i = 0; i < size; i++) {
            gain[i] += 1;
        }
        gguf.floats(name + ".weight", gain, size);
    }
}
