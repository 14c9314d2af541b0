package io.github.t6j.cli.serve;

import io.github.t6j.Model;
import io.github.t6j.ModelInfo;
import io.github.t6j.SessionOptions.CacheType;
import io.github.t6j.T6j;
import io.github.t6j.chat.PromptFormat;
import io.github.t6j.cli.bench.CacheComparison;
import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.schedule.Scheduler;
import io.github.t6j.speculation.Speculation;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A loaded model.
 *
 * @param names its names in requests
 * @param created time when it was loaded, in seconds since 1970
 * @param format turns messages into prompts
 * @param cacheType type of the caches of all sessions
 * @param speculation speculation of all generations, or null
 * @param grammars grammars of recent requests
 */
record ServedModel(ModelNames names, long created, Model model, Scheduler scheduler, PromptFormat format,
        CacheType cacheType, Speculation speculation, GrammarCache grammars) {
    /** A model with one name. */
    ServedModel(String name, long created, Model model, Scheduler scheduler, PromptFormat format, CacheType cacheType) {
        this(new ModelNames(name, List.of()), created, model, scheduler, format, cacheType, null);
    }

    ServedModel(ModelNames names, long created, Model model, Scheduler scheduler, PromptFormat format,
            CacheType cacheType, Speculation speculation) {
        this(names, created, model, scheduler, format, cacheType, speculation, new GrammarCache(model));
    }

    /** Returns the name of the model. */
    String name() {
        return names.name();
    }

    /** Returns an id of the engine and the model: answers to the same request with the same seed are equal with it. */
    String fingerprint() {
        return "t6j-" + T6j.version() + "-" + scheduler.fingerprint().substring(0, 12);
    }

    /** @throws ApiException if {@code fields} name another model */
    void check(Fields fields) {
        check(fields.text("model", name()));
    }

    /** @throws ApiException if {@code asked} is another model */
    void check(String asked) {
        names.check(asked);
    }

    /** Returns the options of generation_config.json, or null. */
    SamplingOptions sampling() {
        return model.sampling().orElse(null);
    }

    /** Returns the descriptions that GET /v1/models sends, one for each name. */
    List<Map<String, Object>> listed() {
        return names.listed().stream().map(this::described).toList();
    }

    /** Returns the description that GET /v1/models/NAME sends. @param asked one of the model's names */
    Map<String, Object> described(String asked) {
        ModelInfo info = model.info();
        ModelInfo.Attention attention = info.attention();
        long bytes = (long) CacheComparison.layers(info) * cacheType.elementBytes();
        Map<String, Object> described = new LinkedHashMap<>();
        described.put("id", asked);
        described.put("object", "model");
        described.put("created", created);
        described.put("owned_by", "t6j");
        described.put("context_length", (long) scheduler.contextLength());
        described.put("attention", attention.name());
        described.put("cache_bytes_per_token", info.cache().bytesPerToken(cacheType));
        described.put("mha_cache_bytes_per_token",
                bytes * attention.heads() * (attention.headDim() + attention.valueDim()));
        described.put("chat_template",
                format.hasTemplate() ? "the model's" : "none: messages are joined as plain text");
        return described;
    }
}
