package io.github.t6j.cli;

import io.github.t6j.ModelInfo;
import java.util.LinkedHashMap;
import java.util.Map;

/** What attentions keep for a token in a layer, as table 1 of the paper counts it: numbers, not bytes. */
final class CacheSize {
    /** The groups of the GQA that the paper compares with. */
    private static final int GROUPS = 4;
    /** kv_lora_rank and qk_rope_head_dim of the official MLA: the same for every size. */
    private static final int LATENT = 256 + 32;

    private CacheSize() {}

    static long multiHead(ModelInfo info) {
        return 2L * info.heads() * info.headDim();
    }

    /** The model's own, then other attentions with the same heads, by their names in lower case. */
    static Map<String, Long> perTokenAndLayer(ModelInfo info) {
        Map<String, Long> sizes = new LinkedHashMap<>();
        sizes.put("model", (long) info.cacheNumbersPerToken());
        sizes.put("mha", multiHead(info));
        sizes.put("gqa", 2L * Math.min(GROUPS, info.heads()) * info.headDim());
        sizes.put("mqa", 2L * info.headDim());
        sizes.put("mla", (long) LATENT);
        return sizes;
    }
}
