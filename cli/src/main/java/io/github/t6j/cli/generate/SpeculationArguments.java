package io.github.t6j.cli.generate;

import io.github.t6j.DraftSource;
import io.github.t6j.Model;
import io.github.t6j.cli.Main;
import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.cli.io.Range;
import io.github.t6j.cli.models.ModelArguments;
import io.github.t6j.cli.models.ModelFolder;
import io.github.t6j.speculation.Speculation;
import java.nio.file.Path;
import java.util.Stack;
import picocli.CommandLine.IParameterConsumer;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Option {@code --speculate} of commands that generate. */
public final class SpeculationArguments {
    private static final String OFF = "off";
    private static final String NGRAM = "ngram";
    private static final String MODEL = "model";

    @Option(names = "--speculate", paramLabel = "HOW", defaultValue = OFF, parameterConsumer = Consumer.class,
            description = {"Compute several tokens in a pass; the result is the same.",
                "ngram or ngram:N: at most N tokens ahead (1 to 15), where the text repeats itself.",
                "model NAME or model NAME:N: tokens ahead from a second, smaller model with the same tokenizer.",
                "off: one token in a pass (default: ${DEFAULT-VALUE})."})
    private String how;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    /** Takes a second word after {@code model}. */
    private static final class Consumer implements IParameterConsumer {
        @Override
        public void consumeParameters(Stack<String> words, ArgSpec option, CommandSpec command) {
            if (words.isEmpty()) {
                throw new ParameterException(
                        command.commandLine(), "--speculate: expected ngram, model NAME or off, found none");
            }
            String first = words.pop();
            option.setValue(first.equals(MODEL) && !words.isEmpty() ? MODEL + " " + words.pop() : first);
        }
    }

    /**
     * Speculation and its second model.
     *
     * @param drafts null for no speculation
     * @param second null without a second model
     */
    public record Loaded(Speculation drafts, Model second) implements AutoCloseable {
        @Override
        public void close() {
            if (second != null) {
                second.close();
            }
        }
    }

    /** Checks the option before models are loaded. */
    public void check() {
        boolean isKnown = how.equals(OFF) || name().equals(NGRAM) || name().startsWith(MODEL + " ");
        if (!isKnown) {
            throw new ParameterException(spec.commandLine(),
                    "--speculate: expected ngram, ngram:N, model NAME, model NAME:N or off, found \"" + how + "\"");
        }
        Range.atLeast(spec, "--speculate", drafts(), 1);
        Range.atMost(spec, "--speculate", drafts(), DraftSource.MAX_DRAFTS, "the most in one pass");
    }

    /** Returns the index of a number of tokens at the end, or the end: a model's name may have a colon, too. */
    private int colon() {
        int colon = how.lastIndexOf(':');
        return colon >= 0 && how.substring(colon + 1).matches("\\d{1,9}") ? colon : how.length();
    }

    private String name() {
        return how.substring(0, colon());
    }

    private int drafts() {
        return colon() == how.length() ? 7 : Integer.parseInt(how.substring(colon() + 1));
    }

    /**
     * Returns the speculation of {@code model}, and loads a second one with the options of the first.
     *
     * @throws CommandFailure if the models have different tokenizers
     */
    public Loaded load(Model model, ModelArguments arguments) {
        if (how.equals(OFF)) {
            return new Loaded(null, null);
        }
        if (name().equals(NGRAM)) {
            return new Loaded(Speculation.ngrams(drafts()), null);
        }
        String name = name().substring(MODEL.length() + 1);
        Main main = (Main) spec.root().userObject();
        Model second = arguments.load(ModelFolder.found(main, "--speculate model", Path.of(name)));
        try {
            return new Loaded(Speculation.model(model, second, drafts()), second);
        } catch (IllegalArgumentException different) {
            second.close();
            throw new CommandFailure(
                    "--speculate model " + name + ": expected a model with the tokenizer of " + arguments.name()
                            + ", found another one (" + different.getMessage() + ")");
        }
    }
}
