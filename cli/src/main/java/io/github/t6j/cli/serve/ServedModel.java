package io.github.t6j.cli.serve;

import io.github.t6j.Model;
import io.github.t6j.ModelInfo;
import io.github.t6j.SessionOptions.CacheType;
import io.github.t6j.chat.PromptFormat;
import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.schedule.Scheduler;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A loaded model.
 *
 * @param name its name in requests
 * @param created time when it was loaded, in seconds since 1970
 * @param format turns messages into prompts
 * @param cacheType type of the caches of all sessions
 */
public record ServedModel(
        String name, long created, Model model, Scheduler scheduler, PromptFormat format, CacheType cacheType) {
    /** @throws ApiException if {@code fields} name another model */
    void check(Fields fields) {
        check(fields.text("model", name));
    }

    /** @throws ApiException if {@code asked} is another model */
    void check(String asked) {
        if (!asked.equals(name)) {
            throw ApiException.notFound(
                    "model: expected \"" + name + "\", the loaded model, or none, found \"" + asked + "\"",
                    "model_not_found");
        }
    }

    /** Returns the options of generation_config.json, or null. */
    SamplingOptions sampling() {
        return model.sampling().orElse(null);
    }

    /** Returns the description that GET /v1/models sends. */
    Map<String, Object> described() {
        ModelInfo info = model.info();
        ModelInfo.Attention attention = info.attention();
        long bytes = (long) info.sizes().layers() * cacheType.elementBytes();
        Map<String, Object> described = new LinkedHashMap<>();
        described.put("id", name);
        described.put("object", "model");
        described.put("created", created);
        described.put("owned_by", "t6j");
        described.put("context_length", (long) scheduler.contextLength());
        described.put("attention", attention.name());
        described.put("cache_bytes_per_token", bytes * info.cache().elementsPerToken());
        described.put("mha_cache_bytes_per_token",
                bytes * attention.heads() * (attention.headDim() + attention.valueDim()));
        described.put("chat_template",
                format.hasTemplate() ? "the model's" : "none: messages are joined as plain text");
        return described;
    }
}
