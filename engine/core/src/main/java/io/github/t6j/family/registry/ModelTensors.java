package io.github.t6j.family.registry;

import io.github.t6j.family.ConfigJson;
import io.github.t6j.family.GenerationJson;
import io.github.t6j.family.gguf.GgufNames;
import io.github.t6j.model.NamedTensors;
import io.github.t6j.weights.checkpoint.Checkpoint;
import java.util.Map;

/**
 * Tensors of a checkpoint by the names that families use.
 *
 * @param tensors read from the checkpoint, which must stay open
 * @param config keys of a GGUF file, converted to config.json's keys; null for other files
 * @param generation keys of a GGUF file, converted to generation_config.json's keys; empty for other files
 */
public record ModelTensors(NamedTensors tensors, Map<String, Object> config, GenerationJson generation) {
    /** @param where name of the checkpoint in errors */
    public static ModelTensors of(Checkpoint checkpoint, String where) {
        if (checkpoint.gguf().isEmpty()) {
            return new ModelTensors(new NamedTensors(checkpoint.tensors(), where, checkpoint), null,
                    GenerationJson.none());
        }
        GgufNames gguf = new GgufNames(checkpoint, where);
        return new ModelTensors(new NamedTensors(gguf.tensors(), where, gguf), gguf.config(),
                new GenerationJson(new ConfigJson(gguf.generation(), where + ": general.sampling")));
    }
}
