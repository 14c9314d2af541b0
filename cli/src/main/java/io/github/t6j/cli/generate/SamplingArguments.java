package io.github.t6j.cli.generate;

import io.github.t6j.Model;
import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.sampling.SamplingOptions;
import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Option;

/** Sampling options: the user's, or else generation_config.json's, or else t6j's defaults. */
public final class SamplingArguments {
    @Option(names = {"--temperature", "--temp"}, paramLabel = "T",
            description = "Divide the logits by T; 0 always takes the most likely token (default: 0.8).")
    private Float temperature;

    @Option(names = "--top-k", paramLabel = "K",
            description = "Keep the K most likely tokens; 0 keeps all (default: 40).")
    private Integer topK;

    @Option(names = "--top-p", paramLabel = "P",
            description = "Keep the most likely tokens whose probabilities add up to P; 1 keeps all (default: 0.95).")
    private Float topP;

    @Option(names = "--min-p", paramLabel = "P",
            description = "Keep tokens at least P times as likely as the most likely token (default: 0).")
    private Float minP;

    @Option(names = "--repetition-penalty", paramLabel = "R",
            description = {"Make tokens that occurred before less likely, if R is above 1 (default: 1).",
                "generation_config.json may set the defaults of this and the four options above."})
    private Float repetitionPenalty;

    @Option(names = "--frequency-penalty", paramLabel = "F",
            description = "Subtract F from a token's logit each time it was generated (default: 0).")
    private Float frequencyPenalty;

    @Option(names = "--presence-penalty", paramLabel = "F",
            description = "Subtract F from a token's logit if it was generated (default: 0).")
    private Float presencePenalty;

    @Option(names = "--logit-bias", paramLabel = "ID=B",
            description = {"Add B to the logit of token ID, or ban it with -Infinity; repeatable.",
                "t6j tokenize prints ids."})
    private Map<Integer, Float> logitBias;

    @Option(names = {"-s", "--seed"}, paramLabel = "S",
            description = {"Seed of the random numbers; the same seed gives the same text",
                "(default: random; --stats prints it)."})
    private Long seed;

    /** Returns {@code defaults}, overridden by the user's options. */
    public SamplingOptions over(SamplingOptions defaults) {
        SamplingOptions options = defaults.withSeed(seed);
        options = temperature == null ? options : options.withTemperature(temperature);
        options = topK == null ? options : options.withTopK(topK);
        options = topP == null ? options : options.withTopP(topP);
        options = minP == null ? options : options.withMinP(minP);
        options = repetitionPenalty == null ? options : options.withRepetitionPenalty(repetitionPenalty);
        options = frequencyPenalty == null ? options : options.withFrequencyPenalty(frequencyPenalty);
        options = presencePenalty == null ? options : options.withPresencePenalty(presencePenalty);
        return logitBias == null ? options : options.withLogitBias(logitBias);
    }

    /**
     * Returns the model's or t6j's defaults, overridden by the user's options. @throws CommandFailure if a biased id
     * does not exist
     */
    public SamplingOptions over(Model model) {
        int ids = model.tokenizer().size();
        if (logitBias != null && logitBias.keySet().stream().anyMatch(id -> id >= ids)) {
            throw new CommandFailure("--logit-bias: expected ids below " + ids + ", the size of the model's tokenizer, "
                    + "found " + Collections.max(logitBias.keySet()));
        }
        return over(model.generationDefaults().sampling());
    }

    /** Returns a line of {@code --stats}. @param asked true if generation_config.json asks to sample */
    String stats(boolean asked, SamplingOptions options) {
        return String.format(Locale.ROOT,
                "sampling  temperature %s, top-k %d, top-p %s, min-p %s, repetition penalty %s, frequency penalty %s, "
                        + "presence penalty %s%s",
                options.temperature(),
                options.topK(), options.topP(), options.minP(), options.repetitionPenalty(),
                options.frequencyPenalty(), options.presencePenalty(),
                asked ? " (from generation_config.json, unless set by options)" : "");
    }
}
