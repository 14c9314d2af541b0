package io.github.t6j.cli.train;

import io.github.t6j.chat.PromptFormat;
import io.github.t6j.chat.template.ChatTemplate;
import io.github.t6j.cli.models.ModelFolder;
import io.github.t6j.family.gguf.GgufNames;
import io.github.t6j.json.Json;
import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.training.Trainer;
import io.github.t6j.weights.SmallFile;
import io.github.t6j.weights.checkpoint.Checkpoint;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Files that make a model a chat model, for t6j and for other programs: the template, and the ids that end an answer.
 *
 * @param tokenizer tokenizer of the model
 * @param template template that its conversations were rendered with
 */
record ChatFiles(Tokenizer tokenizer, ChatTemplate template) {
    private static final String END = "eos_token_id";

    /** Sampling of models without a generation_config.json. */
    private static final Map<String, Object> SAMPLING = Map.of("do_sample", true, "temperature", 0.7, "top_p", 0.9);

    /**
     * Adds the files to the models that a run writes.
     *
     * @param model folder or file of the model that the run begins with and whose ids it keeps, or null
     */
    void addTo(Trainer trainer, Path model) {
        if (!template.hasTemplateForTools()) { // else the tokenizer's files have both
            trainer.setChatTemplate(template.text());
        }
        Keys keys = model == null ? new Keys(Map.of(), Map.of()) : Keys.of(model);
        Set<Object> ends = new LinkedHashSet<>(ids(
                keys.generation.containsKey(END) ? keys.generation.get(END) : keys.config.get(END)));
        if (tokenizer.endOfText() >= 0) {
            ends.add((long) tokenizer.endOfText());
        }
        String endOfTurn = new PromptFormat(tokenizer, Optional.of(template)).endOfTurn();
        if (!endOfTurn.isEmpty()) {
            ends.add((long) tokenizer.encodeWithSpecialTokens(endOfTurn)[0]);
        }
        Map<String, Object> written = new LinkedHashMap<>(keys.generation.isEmpty() ? SAMPLING : keys.generation);
        if (!ends.isEmpty()) {
            written.put(END, new ArrayList<>(ends));
        }
        trainer.setGenerationConfig(Json.write(written));
    }

    private static List<?> ids(Object value) {
        return value instanceof List<?> list ? list : value == null ? List.of() : List.of(value);
    }

    /** Keys of a model's config.json and generation_config.json; a GGUF file contains its keys. */
    private record Keys(Map<String, Object> config, Map<String, Object> generation) {
        static Keys of(Path model) {
            Path folder = ModelFolder.folderOf(model);
            Map<String, Object> generation = json(folder.resolve("generation_config.json"));
            try (Checkpoint checkpoint = Checkpoint.open(model, false)) {
                if (checkpoint.gguf().isEmpty()) {
                    return new Keys(json(folder.resolve("config.json")), generation);
                }
                GgufNames gguf = new GgufNames(checkpoint, model.toString());
                return new Keys(gguf.config(), generation.isEmpty() ? gguf.generation() : generation);
            }
        }

        private static Map<String, Object> json(Path file) {
            return Files.exists(file)
                    ? Json.parseObject(SmallFile.read(file, SmallFile.CONFIG), file.toString())
                    : Map.of();
        }
    }
}
