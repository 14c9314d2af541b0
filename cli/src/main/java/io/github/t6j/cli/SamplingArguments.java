package io.github.t6j.cli;

import io.github.t6j.sampling.SamplingOptions;
import java.util.Locale;
import picocli.CommandLine.Option;

/** How {@code generate} chooses tokens: what the user says, else what generation_config.json asks for, else our defaults. */
final class SamplingArguments {
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

    @Option(names = "--seed", paramLabel = "S",
            description = "The same seed gives the same text (default: random; --stats shows it).")
    private Long seed;

    /** {@code defaults} with what the user says. */
    SamplingOptions over(SamplingOptions defaults) {
        SamplingOptions options = defaults.withSeed(seed);
        options = temperature == null ? options : options.withTemperature(temperature);
        options = topK == null ? options : options.withTopK(topK);
        options = topP == null ? options : options.withTopP(topP);
        options = minP == null ? options : options.withMinP(minP);
        return repetitionPenalty == null ? options : options.withRepetitionPenalty(repetitionPenalty);
    }

    /** A line of {@code --stats}. @param asked whether generation_config.json asks to sample */
    String stats(boolean asked, SamplingOptions options) {
        return String.format(Locale.ROOT,
                "sampling  temperature %s, top-k %d, top-p %s, min-p %s, repetition penalty %s%s",
                options.temperature(),
                options.topK(), options.topP(), options.minP(), options.penalties().repetition(),
                asked ? " (generation_config.json's, but for options)" : "");
    }
}
