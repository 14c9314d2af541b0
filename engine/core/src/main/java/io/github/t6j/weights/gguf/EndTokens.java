package io.github.t6j.weights.gguf;

import java.util.Set;

/**
 * Texts of tokens that end a turn or a text, regardless of their keys and types in the file: some files have no key for
 * them, or do not mark them as control tokens. llama.cpp has such a list, too (src/llama-vocab.cpp).
 */
public final class EndTokens {
    private static final Set<Object> TEXTS = Set.of(
            "<|eot_id|>", "<|eom_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>", "<end_of_utterance>",
            "<|end_of_text|>", "<|endoftext|>", "<｜end▁of▁sentence｜>");

    private EndTokens() {}

    /** Returns true if a token ends a turn or a text. */
    public static boolean contains(Object token) {
        return TEXTS.contains(token);
    }
}
