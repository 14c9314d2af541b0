package io.github.t6j.cli.models;

import io.github.t6j.cli.Main;
import io.github.t6j.cli.hub.AmbiguousNameException;
import io.github.t6j.cli.hub.Hub;
import io.github.t6j.cli.hub.HubCache;
import io.github.t6j.cli.hub.HubSettings;
import io.github.t6j.cli.hub.ModelName;
import io.github.t6j.cli.hub.Pull;
import io.github.t6j.cli.hub.Timeouts;
import io.github.t6j.cli.io.OnInterrupt;
import io.github.t6j.cli.io.Text;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code t6j pull}: downloads a model from a hub. */
@Command(
        name = "pull",
        description = {"Downloads a model from a Hugging Face hub and prints its path.",
            "Other commands then find it with --model NAME."},
        footer = {
            "",
            "Environment variables: HF_ENDPOINT, HF_TOKEN, HF_HOME, HF_HUB_CACHE, HF_HUB_OFFLINE.",
            "They have the same meaning as in Hugging Face's library.",
            "",
            "Examples:",
            "  t6j pull HuggingFaceTB/SmolLM2-135M-Instruct",
            "  t6j pull ORG/NAME/FOLDER --revision v1.0",
            "  t6j inspect --model $(t6j pull ORG/NAME/FILE.gguf)"
        })
public final class PullCommand implements Callable<Integer> {
    @ParentCommand
    private Main main;

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "NAME", description = "Name of the model: " + ModelName.FORM + ".")
    private String model;

    @Option(names = "--revision", paramLabel = "R", description = "Branch, tag or commit (default: main).")
    private String revision;

    @Override
    public Integer call() throws IOException {
        ModelName name = name();
        try (OnInterrupt _ = new OnInterrupt(main)) { // until the last line is written
            return pull(name);
        }
    }

    private int pull(ModelName name) throws IOException {
        HubSettings settings = new HubSettings(main.environment);
        try (PullProgress progress = new PullProgress(main, name);
                Hub hub = new Hub(settings, Timeouts.DEFAULT, progress::note)) {
            Path pulled = new Pull(hub, new HubCache(settings), progress).run(name);
            main.out.println(pulled.toString());
            return Main.DONE;
        } catch (AmbiguousNameException e) {
            main.note(Text.printable(e.getMessage(), Integer.MAX_VALUE));
            e.choices().forEach(choice -> main.err.println("  " + Text.printable(choice, Integer.MAX_VALUE)));
            return Main.BAD_USAGE;
        } catch (InterruptedException e) {
            main.note("interrupted: run the same command again to continue the download");
            return Main.INTERRUPTED;
        }
    }

    private ModelName name() {
        ModelName name = name(spec, "NAME", model);
        if (!name.hasOwner()) {
            throw new ParameterException(spec.commandLine(), "NAME: expected " + ModelName.FORM + ", found '" + model
                    + "', which has no owner: look its full name up on the hub");
        }
        if (revision == null) {
            return name;
        }
        if (!name.revision().equals(ModelName.MAIN)) {
            throw new ParameterException(spec.commandLine(),
                    "--revision: expected one revision, found " + name.revision() + " and " + revision);
        }
        return ModelName.parse(name + "@" + revision).orElseThrow(() -> new ParameterException(spec.commandLine(),
                "--revision: expected a branch, tag or commit, found '" + revision + "'"));
    }

    /** @throws ParameterException if {@code text}, the value of {@code label}, is not a model's name */
    static ModelName name(CommandSpec spec, String label, String text) {
        return ModelName.parse(text).orElseThrow(() -> new ParameterException(spec.commandLine(),
                label + ": expected " + ModelName.FORM + ", found '" + text + "'"));
    }
}
