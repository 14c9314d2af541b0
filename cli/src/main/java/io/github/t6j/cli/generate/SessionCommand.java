package io.github.t6j.cli.generate;

import io.github.t6j.cli.Main;
import io.github.t6j.cli.models.ModelArguments;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Command that loads a model and opens sessions of it. */
public abstract class SessionCommand implements Callable<Integer> {
    @ParentCommand
    protected Main main;

    @Spec
    protected CommandSpec spec;

    @Mixin
    protected ModelArguments arguments;

    @Mixin
    protected CacheArguments cache;
}
