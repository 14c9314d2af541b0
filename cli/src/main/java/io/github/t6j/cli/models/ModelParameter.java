package io.github.t6j.cli.models;

import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Parameters;

/** Argument of commands that take nothing but a model, which they also take as {@code --model}. */
public final class ModelParameter {
    @Parameters(arity = "0..1", paramLabel = "MODEL", description = "The model, the same as --model.")
    private Path model;

    /** Returns the model, if the argument exists. */
    public Optional<Path> model() {
        return Optional.ofNullable(model);
    }
}
