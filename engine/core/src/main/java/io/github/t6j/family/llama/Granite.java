package io.github.t6j.family.llama;

import io.github.t6j.attention.LayerOptions;
import io.github.t6j.family.ConfigJson;
import io.github.t6j.model.ModelConfig;

/**
 * Multipliers of Granite (IBM), which is Llama with four numbers: factors of the embedding, of scores and of what a
 * block adds, and a divisor of the logits. Each is 1 if its key is missing, even the factor of scores.
 */
final class Granite {
    private Granite() {}

    static LayerOptions.Scores scores(ConfigJson config) {
        return new LayerOptions.Scores(1 / positive(config, "attention_multiplier"), 0f);
    }

    static ModelConfig.Scales scales(ConfigJson config) {
        return new ModelConfig.Scales(
                (float) positive(config, "embedding_multiplier"), (float) positive(config, "residual_multiplier"),
                (float) positive(config, "logits_scaling"), 0f, 0f, ModelConfig.Activation.SILU);
    }

    private static double positive(ConfigJson config, String key) {
        double found = config.number(key, 1);
        if (!(found > 0 && found < Float.MAX_VALUE)) {
            throw config.wrong(key, "a number above 0", found);
        }
        return found;
    }
}
