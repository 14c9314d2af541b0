package io.github.t6j.cli;

import io.github.t6j.Model;
import io.github.t6j.sampling.SamplingOptions;
import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Option;

/** How {@code generate} chooses tokens: what the user says, else what generation_config.json asks for, else our defaults. */
final class SamplingArguments {
    @Option(names = {"--temperature", "--temp"}, paramLabel = "T",
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

    @Option(names = "--frequency-penalty", paramLabel = "F",
            description = "Subtracted from a token's logit for each time it was generated (default: 0).")
    private Float frequencyPenalty;

    @Option(names = "--presence-penalty", paramLabel = "F",
            description = "Subtracted from a token's logit if it was generated (default: 0).")
    private Float presencePenalty;

    @Option(names = "--logit-bias", paramLabel = "ID=B",
            description = "Add B to the logit of token ID; -Infinity bans it; can be repeated. t6j tokenize says ids.")
    private Map<Integer, Float> logitBias;

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
        options = repetitionPenalty == null ? options : options.withRepetitionPenalty(repetitionPenalty);
        options = frequencyPenalty == null ? options : options.withFrequencyPenalty(frequencyPenalty);
        options = presencePenalty == null ? options : options.withPresencePenalty(presencePenalty);
        return logitBias == null ? options : options.withLogitBias(logitBias);
    }

    /** What the model asks for, or our defaults, with what the user says. @throws CommandFailure if an id is none */
    SamplingOptions over(Model model) {
        int ids = model.tokenizer().size();
        if (logitBias != null && logitBias.keySet().stream().anyMatch(id -> id >= ids)) {
            throw new CommandFailure("--logit-bias: expected ids below " + ids + ", the size of the model's tokenizer, "
                    + "found " + Collections.max(logitBias.keySet()));
        }
        return over(model.sampling().orElse(SamplingOptions.defaults()));
    }

    /** A line of {@code --stats}. @param asked whether generation_config.json asks to sample */
    String stats(boolean asked, SamplingOptions options) {
        return String.format(Locale.ROOT,
                "sampling  temperature %s, top-k %d, top-p %s, min-p %s, repetition penalty %s, frequency penalty %s, "
                        + "presence penalty %s%s",
                options.temperature(),
                options.topK(), options.topP(), options.minP(), options.penalties().repetition(),
                options.penalties().frequency(), options.penalties().presence(),
                asked ? " (generation_config.json's, but for options)" : "");
    }
}
