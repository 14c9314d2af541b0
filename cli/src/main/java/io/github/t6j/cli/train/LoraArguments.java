package io.github.t6j.cli.train;

import io.github.t6j.cli.io.Range;
import io.github.t6j.training.LoraOptions;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** {@code --lora}, which trains an adapter instead of a model's weights. */
final class LoraArguments {
    private static final Pattern SIZE = Pattern.compile("(\\d{1,9})(?::(\\d*\\.?\\d+(?:[eE][-+]?\\d{1,3})?))?");

    @Option(names = "--lora", paramLabel = "RANK[:ALPHA]",
            description = {
                "Train a LoRA adapter for --init-from, whose weights do not change, and write it in PEFT's layout.",
                "Its scale is ALPHA/RANK (default ALPHA: twice RANK)."})
    private String size;

    boolean isGiven() {
        return size != null;
    }

    /** @throws ParameterException if the option is not two numbers in range, or there is no model to adapt */
    void check(CommandSpec spec, boolean hasModel) {
        if (isGiven() && !hasModel) {
            throw new ParameterException(
                    spec.commandLine(), "--lora: expected --init-from with the model to adapt, found none");
        }
        if (isGiven()) {
            options(spec);
        }
    }

    LoraOptions options(CommandSpec spec) {
        Matcher parts = SIZE.matcher(size);
        if (!parts.matches()) {
            throw new ParameterException(spec.commandLine(),
                    "--lora: expected RANK or RANK:ALPHA, such as 8 or 8:16, found " + size);
        }
        int rank = Integer.parseInt(parts.group(1));
        return Range.checked(
                spec, () -> parts.group(2) == null
                        ? LoraOptions.of(rank)
                        : new LoraOptions(rank, Double.parseDouble(parts.group(2))),
                Map.of("rank", "lora: rank", "alpha", "lora: alpha"));
    }
}
