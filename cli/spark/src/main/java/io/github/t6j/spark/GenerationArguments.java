package io.github.t6j.spark;

import io.github.t6j.GenerationOptions;
import io.github.t6j.sampling.SamplingOptions;
import java.io.Serializable;
import java.util.ArrayList;
import picocli.CommandLine.Option;

/** Sampling options of {@code generate}, sent to the executors, where the model may have other defaults. */
final class GenerationArguments implements Serializable {
    private static final long serialVersionUID = 1;

    @Option(names = "-n", paramLabel = "N", defaultValue = "128",
            description = "Maximum number of tokens to generate (default: ${DEFAULT-VALUE}).")
    int maxTokens;

    @Option(names = "--temperature", paramLabel = "T",
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

    @Option(names = "--seed", paramLabel = "S", defaultValue = "0",
            description = {"Base of the seeds; a document without a seed adds a number from its id",
                "(default: ${DEFAULT-VALUE})."})
    private long seed;

    @Option(names = "--stop", paramLabel = "STR", description = "Stop before this text; repeatable.")
    private ArrayList<String> stop = new ArrayList<>();

    @Option(names = "--ignore-eos", description = "Continue past the model's end tokens, such as <|endoftext|>.")
    private boolean ignoreEndOfText;

    /** @param defaults sampling options of the model, or t6j's */
    GenerationOptions over(SamplingOptions defaults) {
        SamplingOptions options = defaults.withSeed(seed);
        options = temperature == null ? options : options.withTemperature(temperature);
        options = topK == null ? options : options.withTopK(topK);
        options = topP == null ? options : options.withTopP(topP);
        options = minP == null ? options : options.withMinP(minP);
        options = repetitionPenalty == null ? options : options.withRepetitionPenalty(repetitionPenalty);
        return GenerationOptions.defaults().withMaxTokens(maxTokens).withSampling(options)
                .withStop(stop.toArray(String[]::new)).withIgnoreEndOfText(ignoreEndOfText);
    }
}
