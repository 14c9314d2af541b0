package io.github.t6j.chat.internal;

import java.util.ArrayList;
import java.util.List;

/**
 * Tag that begins reasoning or tool calls in an answer.
 *
 * @param open the tag
 * @param close tag that ends it
 * @param calls true for tool calls
 */
public record Tag(String open, String close, boolean calls) {
    public static final Tag THINK = new Tag("<think>", "</think>", false);
    private static final Tag MISTRAL_THINK = new Tag("[THINK]", "[/THINK]", false);
    /** Calls of Hermes, Qwen and SmolLM3. */
    static final Tag TOOL_CALL = new Tag("<tool_call>", "</tool_call>", true);
    /** Calls of Mistral's models, which end with the answer. */
    static final Tag TOOL_CALLS = new Tag("[TOOL_CALLS]", "", true);
    /** Array of calls of Granite, which ends with the answer, and of Phi-4-mini, which closes it. */
    static final Tag CALL_LIST = new Tag("<|tool_call|>", "<|/tool_call|>", true);

    /** Returns the tags that an answer may contain. */
    static List<Tag> all(boolean tools) {
        List<Tag> all = new ArrayList<>(List.of(THINK, MISTRAL_THINK));
        if (tools) {
            all.addAll(List.of(TOOL_CALL, TOOL_CALLS, CALL_LIST));
        }
        return all;
    }

    /** Returns the tag at the end of a rendered prompt that opens the reasoning of the answer, or null. */
    public static Tag openedBy(String rendered) {
        String stripped = rendered.stripTrailing();
        return all(false).stream().filter(tag -> stripped.endsWith(tag.open)).findFirst().orElse(null);
    }

    /** Returns the number of characters at the end of {@code text} that may begin one of {@code tags}. */
    static int possible(CharSequence text, List<String> tags) {
        int max = 0;
        for (String tag : tags) {
            int length = Math.min(tag.length() - 1, text.length());
            while (!tag.startsWith(text.subSequence(text.length() - length, text.length()).toString())) {
                length--;
            }
            max = Math.max(max, length);
        }
        return max;
    }
}
