package io.github.t6j.cli.serve;

import io.github.t6j.Model;
import io.github.t6j.cli.chat.PromptFormat;
import io.github.t6j.cli.schedule.Scheduler;
import io.github.t6j.sampling.SamplingOptions;

/**
 * A model that is ready.
 *
 * @param name what requests call it
 * @param created when it was loaded, in seconds since 1970
 * @param format how messages become prompts
 */
public record Served(String name, long created, Model model, Scheduler scheduler, PromptFormat format) {
    /** @throws ApiException if {@code fields} asks for another model */
    void check(Fields fields) {
        String asked = fields.text("model", name);
        if (!asked.equals(name)) {
            throw ApiException.notFound(
                    "model: expected \"" + name + "\", the one that is loaded, or none, found \"" + asked + "\"",
                    "model_not_found");
        }
    }

    /** What generation_config.json asks for, or null. */
    SamplingOptions sampling() {
        return model.sampling().orElse(null);
    }
}
