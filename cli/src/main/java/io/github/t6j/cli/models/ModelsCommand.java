package io.github.t6j.cli.models;

import io.github.t6j.cli.Main;
import io.github.t6j.cli.hub.HubCache;
import io.github.t6j.cli.hub.HubSettings;
import io.github.t6j.cli.hub.ModelName;
import io.github.t6j.cli.hub.Removal;
import io.github.t6j.cli.hub.Sizes;
import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.cli.io.Question;
import io.github.t6j.cli.io.Text;
import io.github.t6j.json.Json;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code t6j models}: lists or removes models. */
@Command(
        name = "models",
        description = {"Lists the models on this machine: the bundled and pulled ones.",
            "Removes a pulled model with --remove."},
        footer = {
            "",
            "Examples:",
            "  t6j models",
            "  t6j models --json",
            "  t6j models --remove ORG/NAME"
        })
public final class ModelsCommand implements Callable<Integer> {
    private static final String ROW = "%-44s %-9s %-7s %14s %10s  %s";

    @ParentCommand
    private Main main;

    @Spec
    private CommandSpec spec;

    @Option(names = "--json", description = "Print one JSON array.")
    private boolean json;

    @Option(names = "--remove", paramLabel = "NAME",
            description = {"Remove a pulled model, or only one revision with NAME@REVISION.",
                "t6j asks before it removes anything."})
    private String removed;

    @Option(names = "--yes", description = "Remove without asking.")
    private boolean yes;

    @Override
    public Integer call() throws IOException {
        HubCache cache = new HubCache(new HubSettings(main.environment));
        if (removed != null) {
            return remove(cache);
        }
        if (yes) {
            throw new ParameterException(spec.commandLine(), "--yes: expected --remove NAME, found none");
        }
        List<ModelListing> models = new ArrayList<>();
        models.add(ModelListing.bundled());
        for (String repository : cache.repositories()) {
            models.addAll(ModelListing.of(cache, repository));
        }
        if (json) {
            main.out.print(Text.printableLines(Json.write(models.stream().map(ModelListing::fields).toList())));
        } else {
            main.out.println(String.format(Locale.ROOT, ROW, "name", "family", "weights", "parameters", "size",
                    "revision"));
            models.forEach(model -> main.out.println(row(model)));
        }
        return Main.DONE;
    }

    private static String row(ModelListing model) {
        String row = String.format(Locale.ROOT, ROW, model.name(), model.family(), model.weights(),
                model.parameters() < 0 ? "-" : Sizes.count(model.parameters()), Sizes.of(model.bytes()),
                model.revision());
        return Text.printable(model.problem() == null ? row : row + "  " + model.problem(), Integer.MAX_VALUE)
                .stripTrailing();
    }

    private int remove(HubCache cache) throws IOException {
        ModelName name = PullCommand.name(spec, "--remove", removed);
        Removal removal = Removal.of(cache, name, !removed.contains("@")).orElseThrow(() -> new CommandFailure(
                "--remove " + removed + ": expected a pulled model, found none of that name in " + cache.folder()
                        + ": t6j models lists them"));
        String what = removed + ", " + Sizes.of(removal.bytes());
        if (!yes && !main.terminal) {
            throw new ParameterException(spec.commandLine(),
                    "--remove: expected --yes, found none; without a terminal, t6j cannot ask");
        }
        if (!yes && !Question.isAgreed(main, "Remove " + what + "? [y/N] ")) {
            main.note("nothing was removed");
            return Main.DONE;
        }
        removal.run();
        main.note("removed " + what);
        return Main.DONE;
    }
}
