package io.github.t6j.cli.models;

import io.github.t6j.Model;
import io.github.t6j.ModelFormatException;
import io.github.t6j.chat.template.ChatTemplate;
import io.github.t6j.chat.template.ChatTemplateException;
import io.github.t6j.family.ConfigJson;
import io.github.t6j.family.gguf.GgufNames;
import io.github.t6j.family.llama.GemmaFamily;
import io.github.t6j.family.llama.LlamaFamily;
import io.github.t6j.family.llama.Phi3Family;
import io.github.t6j.family.llama.RopeProperties;
import io.github.t6j.family.olala.OlalaFamily;
import io.github.t6j.json.Json;
import io.github.t6j.weights.SmallFile;
import io.github.t6j.weights.checkpoint.Checkpoint;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** Properties of a model's files that {@code t6j inspect} shows, and that the engine does not keep. */
final class ModelDetails {
    /** Families whose config.json defines RoPE's frequencies. */
    private static final Set<String> DEFINED =
            Set.of(new LlamaFamily().name(), new GemmaFamily().name(), new Phi3Family().name());

    private ModelDetails() {}

    /** Returns the first line and the length of the chat template, or the error of an unsupported one; or null. */
    static Map<String, Object> template(Model model) {
        Map<String, Object> fields = new LinkedHashMap<>();
        try {
            ChatTemplate template = ChatTemplate.of(model.path(), model.adapters()).orElse(null);
            if (template == null) {
                return null;
            }
            fields.put("first_line", template.text().strip().lines().findFirst().orElse(""));
            fields.put("characters", (long) template.text().length());
        } catch (ChatTemplateException | ModelFormatException e) {
            fields.put("error", e.getMessage());
        }
        return fields;
    }

    /** Returns the {@link RopeProperties} of a model; other families have plain frequencies of base 10,000. */
    static Map<String, Object> rope(Path model, String family) {
        if (family.equals(OlalaFamily.NAME)) {
            return Map.of("type", "none");
        }
        if (!DEFINED.contains(family)) {
            return Map.of("type", "default", "base", 10_000.0);
        }
        try (Checkpoint checkpoint = Checkpoint.open(model, true)) {
            return RopeProperties.of(checkpoint.gguf().isEmpty()
                    ? config(ModelFolder.folderOf(model).resolve("config.json"))
                    : new ConfigJson(new GgufNames(checkpoint, model.toString()).config(), model.toString()));
        }
    }

    private static ConfigJson config(Path file) {
        return new ConfigJson(Json.parseObject(SmallFile.read(file, SmallFile.CONFIG), file.toString()),
                file.toString());
    }
}
