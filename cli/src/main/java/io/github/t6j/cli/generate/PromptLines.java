package io.github.t6j.cli.generate;

import io.github.t6j.Generation;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.Token;
import io.github.t6j.chat.PromptFormat;
import io.github.t6j.schedule.GenerationHandle;
import io.github.t6j.schedule.Scheduler;
import java.util.Map;

/** Lines of {@code generate --prompts}. Line i has the options' seed + i, unless it has its own. */
public final class PromptLines implements LineWork {
    private final Model model;
    private final PromptFormat format;
    private final GenerationOptions options;
    private final long seed; // of the first line; each line's seed is one more

    /** @param options options with a seed */
    public PromptLines(Model model, PromptFormat format, GenerationOptions options) {
        this.model = model;
        this.format = format;
        this.options = options;
        seed = options.sampling().seed();
    }

    @Override
    public String name() {
        return "generating";
    }

    @Override
    public boolean isResult(Map<String, Object> found) {
        return found.containsKey("text");
    }

    @Override
    public Finish begin(Line text, long index, Map<String, Object> result, Scheduler scheduler) {
        PromptLine line = new PromptLine(text.where(), text.fields());
        if (line.id() != null) {
            result.put("id", line.id());
        }
        GenerationOptions seeded = options.withSampling(options.sampling().withSeed(seed + index));
        GenerationHandle handle = line.submit(scheduler, model, format, seeded);
        return into -> finish(LineWork.await(handle.result()), into);
    }

    private static void finish(Generation generation, Map<String, Object> result) {
        result.put("text", generation.text());
        result.put("finish_reason", GenerationPrinter.reason(generation));
        result.put("tokens", generation.tokens().stream().map(Token::id).toList());
        result.put("prompt_tokens", generation.promptTokens());
        result.put("seed", generation.seed());
    }
}
