package io.github.t6j.family;

/** The names that Hugging Face's Llama code gives tensors; all that descend from it have them. */
final class LlamaNames {
    static final String EMBEDDING = "model.embed_tokens.weight";
    static final String OUTPUT_NORM = "model.norm.weight";
    static final String OUTPUT = "lm_head.weight";

    /** Of another model, TensorProduct-Microllama, whose attention is not known. */
    static final String MICROLLAMA = "model.layers.0.self_attn.c_qkv.W_A_k.weight";

    private LlamaNames() {}

    /** Whole name of what a layer calls {@code name}, such as self_attn.q_proj.weight. */
    static String layer(int layer, String name) {
        return "model.layers." + layer + "." + name;
    }
}
