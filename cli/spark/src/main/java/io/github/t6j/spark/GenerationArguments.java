package io.github.t6j.spark;

import io.github.t6j.GenerationOptions;
import io.github.t6j.sampling.SamplingOptions;
import java.io.Serializable;
import java.util.ArrayList;
import picocli.CommandLine.Option;

/** How {@code generate} chooses tokens; it goes to the executors, where the model is that has other defaults. */
final class GenerationArguments implements Serializable {
    private static final long serialVersionUID = 1;

    @Option(names = "-n", paramLabel = "N", defaultValue = "128",
            description = "Most tokens to generate (default: ${DEFAULT-VALUE}).")
    int maxTokens;

    @Option(names = "--temperature", paramLabel = "T",
            description = "Divides the logits; 0 always takes the likeliest token (default: 0.8).")
    private Float temperature;

    @Option(names = "--top-k", paramLabel = "K",
            description = "Keep the K likeliest tokens; 0 keeps all (default: 40).")
    private Integer topK;

    @Option(names = "--top-p", paramLabel = "P",
            description = "Keep the likeliest tokens that together reach P; 1 keeps all (default: 0.95).")
    private Float topP;

    @Option(names = "--min-p", paramLabel = "P",
            description = "Keep tokens at least P times as likely as the likeliest (default: 0).")
    private Float minP;

    @Option(names = "--repetition-penalty", paramLabel = "R",
            description = "Above 1, makes tokens seen before less likely (default: 1). A generation_config.json beside the "
                    + "model that asks to sample has other defaults for these five.")
    private Float repetitionPenalty;

    @Option(names = "--seed", paramLabel = "S", defaultValue = "0",
            description = "Added to the seed that a document without one gets from its id (default: ${DEFAULT-VALUE}).")
    long seed;

    @Option(names = "--stop", paramLabel = "STR", description = "End before this text; can be repeated.")
    private ArrayList<String> stop = new ArrayList<>();

    @Option(names = "--ignore-eos", description = "Go on past what ends a text, such as <|endoftext|>.")
    private boolean ignoreEndOfText;

    /** @param defaults the sampling of the model, or ours */
    GenerationOptions over(SamplingOptions defaults) {
        SamplingOptions options = defaults;
        options = temperature == null ? options : options.withTemperature(temperature);
        options = topK == null ? options : options.withTopK(topK);
        options = topP == null ? options : options.withTopP(topP);
        options = minP == null ? options : options.withMinP(minP);
        options = repetitionPenalty == null ? options : options.withRepetitionPenalty(repetitionPenalty);
        return new GenerationOptions(maxTokens, options, stop, ignoreEndOfText);
    }
}
