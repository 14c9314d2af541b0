package io.github.t6j.cli.serve;

import java.util.List;
import java.util.Map;
import java.util.Set;

/** Fields of llama.cpp's server, vLLM and others that would change an answer, and are not supported. */
final class ForeignFields {
    private static final Set<Object> ZERO = Set.of(0.0);
    private static final Set<Object> ONE = Set.of(1.0);
    private static final Set<Object> NONE = Set.of(false, "none", "", List.of(), Map.of());
    private static final Set<Object> TRUE = Set.of(true);

    /** False in requests to vLLM that continue an answer. */
    private static final String ANSWER = "add_generation_prompt";

    /** Fields, and the values with which they change nothing. */
    private static final Map<String, Set<Object>> FIELDS = Map.ofEntries(
            Map.entry("min_tokens", ZERO), Map.entry("stop_token_ids", NONE), Map.entry("mirostat", ZERO),
            Map.entry("dry_multiplier", ZERO), Map.entry("xtc_probability", ZERO), Map.entry("typical_p", ONE),
            Map.entry("top_n_sigma", Set.of(0.0, -1.0)), Map.entry("tfs_z", ONE), Map.entry("dynatemp_range", ZERO),
            Map.entry("repeat_last_n", Set.of(-1.0)), Map.entry("n_keep", ZERO), Map.entry("n_indent", ZERO),
            Map.entry("lora", NONE), Map.entry("lora_adapter", NONE), Map.entry("samplers", NONE),
            Map.entry("bad_words", NONE), Map.entry("allowed_token_ids", NONE), Map.entry("length_penalty", ONE),
            Map.entry("use_beam_search", NONE), Map.entry("min_keep", ZERO), Map.entry("prompt_logprobs", NONE),
            Map.entry("truncate_prompt_tokens", NONE), Map.entry("include_stop_str_in_output", NONE),
            Map.entry("skip_special_tokens", TRUE), Map.entry(ANSWER, TRUE),
            Map.entry("chat_template", NONE), Map.entry("documents", NONE), Map.entry("thinking_token_budget", NONE));

    private ForeignFields() {}

    /** @throws ApiException if a field would change the answer */
    static void check(Fields fields) {
        boolean continues = Boolean.TRUE.equals(fields.value(ChatPrompt.CONTINUES));
        FIELDS.forEach((name, neutral) -> {
            Object value = fields.value(name);
            Object comparable = value instanceof Number number ? (Object) number.doubleValue() : value;
            if (value != null && !neutral.contains(comparable) && !(name.equals(ANSWER) && continues)) {
                throw ApiException.unsupported(fields.place(name));
            }
        });
    }
}
