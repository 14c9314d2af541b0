package io.github.t6j.cli.chat;

import io.github.t6j.GenerationOptions;
import io.github.t6j.chat.ChatOptions;
import io.github.t6j.cli.io.Range;
import io.github.t6j.cli.io.Similar;
import io.github.t6j.cli.io.Text;
import io.github.t6j.sampling.SamplingOptions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/** Settings of a chat's answers: the values of the options, until {@code /set} changes them. */
final class ChatSettings {
    private GenerationOptions generation;
    private Boolean thinking; // null: the template's default
    private final TemplateVariables variables;

    ChatSettings(GenerationOptions generation, Boolean thinking, TemplateVariables variables) {
        this.generation = generation;
        this.thinking = thinking;
        this.variables = variables;
    }

    ChatOptions options() {
        ChatOptions options = ChatOptions.of(generation).withTemplateVariables(variables.values());
        return thinking == null ? options : options.withThinking(thinking);
    }

    /** Returns a line for each setting. */
    List<String> lines() {
        List<String> lines = new ArrayList<>();
        values().forEach((name, value) -> lines.add(
                String.format(Locale.ROOT, "%-18s  %s", name, Text.printable("" + value, Integer.MAX_VALUE))));
        return lines;
    }

    private Map<String, Object> values() {
        SamplingOptions sampling = generation.sampling();
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("max-tokens", generation.maxTokens());
        all.put("temperature", sampling.temperature());
        all.put("top-k", sampling.topK());
        all.put("top-p", sampling.topP());
        all.put("min-p", sampling.minP());
        all.put("repetition-penalty", sampling.repetitionPenalty());
        all.put("frequency-penalty", sampling.frequencyPenalty());
        all.put("presence-penalty", sampling.presencePenalty());
        all.put("seed", sampling.seed() == null ? "random" : sampling.seed());
        all.put("stop", generation.stop().isEmpty() ? "none" : String.join(" | ", generation.stop()));
        all.put("ignore-eos", word(generation.ignoreEndOfText()));
        all.put("thinking", thinking == null ? "the model's default" : word(thinking));
        all.put("template-variable", variables);
        return all;
    }

    private static String word(boolean value) {
        return value ? "on" : "off";
    }

    /**
     * Changes a setting, by any name of the option.
     *
     * @throws IllegalArgumentException if there is no such setting, or it cannot have this value
     */
    void set(String given, String value) {
        String name = given.replaceFirst("^--?", "");
        SamplingOptions sampling = generation.sampling();
        switch (name) {
            case "max-tokens", "n-predict", "n" ->
                generation = generation.withMaxTokens(Range.maxTokens(number(name, value, Integer::valueOf)));
            case "temperature", "temp" -> sampling = sampling.withTemperature(number(name, value, Float::valueOf));
            case "top-k" -> sampling = sampling.withTopK(number(name, value, Integer::valueOf));
            case "top-p" -> sampling = sampling.withTopP(number(name, value, Float::valueOf));
            case "min-p" -> sampling = sampling.withMinP(number(name, value, Float::valueOf));
            case "repetition-penalty" -> sampling =
                    sampling.withRepetitionPenalty(number(name, value, Float::valueOf));
            case "frequency-penalty" -> sampling =
                    sampling.withFrequencyPenalty(number(name, value, Float::valueOf));
            case "presence-penalty" -> sampling =
                    sampling.withPresencePenalty(number(name, value, Float::valueOf));
            case "seed" -> sampling =
                    sampling.withSeed(value.equals("random") ? null : number(name, value, Long::valueOf));
            case "stop" ->
                generation = generation.withStop(value.equals("none") ? new String[0] : new String[] {value});
            case "ignore-eos" -> generation = generation.withIgnoreEndOfText(isOn(name, value));
            case "thinking" -> setThinking(isOn(name, value));
            case "no-thinking" -> setThinking(!isOn(name, value));
            case "template-variable" -> variables.set(value);
            default -> throw new IllegalArgumentException("/set: no such setting: '" + given + "'; " + hint(name));
        }
        generation = generation.withSampling(sampling);
    }

    private String hint(String name) {
        List<String> similar = Similar.to(name, values().keySet(), 2);
        return similar.isEmpty() ? "/set lists the settings" : "did you mean " + String.join(" or ", similar) + "?";
    }

    private void setThinking(boolean value) {
        if (thinking == null) {
            throw new IllegalArgumentException(
                    "thinking: expected a model whose chat template has enable_thinking, found"
                            + " one without it: its thinking cannot be changed");
        }
        thinking = value;
    }

    private static boolean isOn(String name, String value) {
        return switch (value) {
            case "on" -> true;
            case "off" -> false;
            default -> throw new IllegalArgumentException(name + ": expected on or off, found '" + value + "'");
        };
    }

    private static <T> T number(String name, String value, Function<String, T> parse) {
        try {
            return parse.apply(value);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(name + ": expected a number, found '" + value + "'", e);
        }
    }
}
