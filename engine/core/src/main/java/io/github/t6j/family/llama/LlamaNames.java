package io.github.t6j.family.llama;

/** Tensor names of Hugging Face's Llama code, which its descendants share. */
public final class LlamaNames {
    public static final String EMBEDDING = "model.embed_tokens.weight";
    public static final String OUTPUT_NORM = "model.norm.weight";
    public static final String OUTPUT = "lm_head.weight";

    /** Name that identifies another model, TensorProduct-Microllama, whose attention is not published. */
    public static final String MICROLLAMA = "model.layers.0.self_attn.c_qkv.W_A_k.weight";

    private LlamaNames() {}

    /** Returns the full name of a layer's tensor {@code name}, such as self_attn.q_proj.weight. */
    static String layer(int layer, String name) {
        return "model.layers." + layer + "." + name;
    }
}
