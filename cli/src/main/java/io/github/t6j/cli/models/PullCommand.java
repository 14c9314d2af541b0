package io.github.t6j.cli.models;

import io.github.t6j.cli.Main;
import io.github.t6j.cli.hub.AmbiguousNameException;
import io.github.t6j.cli.hub.HubCache;
import io.github.t6j.cli.hub.HubSettings;
import io.github.t6j.cli.hub.ModelName;
import io.github.t6j.cli.hub.ShortNames;
import io.github.t6j.cli.io.OnInterrupt;
import io.github.t6j.cli.io.Text;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Iterator;
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
            "Short names, NAME[:SIZE][:QUANT]: smollm2 (135m, 360m, 1.7b), smollm3, qwen2.5 (0.5b, 1.5b, 3b),",
            "qwen3 (0.6b, 1.7b, 4b, 8b, 14b, 30b-a3b), llama3.2 (1b, 3b), llama3.1 (8b), mistral, mixtral,",
            "gemma3 (270m, 1b, 4b, 12b), gemma2 (2b, 9b), phi3.5-mini, phi4-mini, phi4, granite3.3 (2b, 8b),",
            "mlra-tpa. Without a size: the first.",
            "",
            "Examples:",
            "  t6j pull HuggingFaceTB/SmolLM2-135M-Instruct",
            "  t6j pull Qwen/Qwen3-8B-GGUF:Q4_K_M",
            "  t6j pull gemma3:1b:Q4_K_M",
            "  t6j pull ORG/NAME/FOLDER --revision v1.0",
            "  t6j inspect --model $(t6j pull ORG/NAME/FILE.gguf)"
        })
public final class PullCommand implements Callable<Integer> {
    @ParentCommand
    private Main main;

    @Spec
    private CommandSpec spec;

    /** Short names, for completion. */
    public static final class Names implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return ShortNames.all().keySet().iterator();
        }
    }

    @Parameters(paramLabel = "NAME", completionCandidates = Names.class,
            description = "Name of the model: " + ModelName.FORM + ".")
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
        HubCache cache = new HubCache(settings);
        if (settings.offline() && cache.find(name).isPresent()) {
            main.note("note: HF_HUB_OFFLINE is set: the model on this machine was not compared with the hub's");
            main.out.println(cache.find(name).orElseThrow().toString());
            return Main.DONE;
        }
        Path pulled;
        try {
            pulled = Download.run(main, name, false);
        } catch (AmbiguousNameException e) {
            main.note(Text.printable(e.getMessage(), Integer.MAX_VALUE));
            e.choices().forEach(choice -> main.err.println("  " + Text.printable(choice, Integer.MAX_VALUE)));
            return Main.BAD_USAGE;
        } catch (InterruptedException e) {
            main.note("interrupted: run the same command again to continue the download");
            return Main.INTERRUPTED;
        }
        main.out.println(pulled.toString()); // after the progress, which has its line
        return Main.DONE;
    }

    private ModelName name() {
        ModelName name = name(spec, "NAME", model);
        if (!name.hasOwner()) {
            throw wrongName(spec, "NAME", model);
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
        return ModelName.parse(text).orElseThrow(() -> wrongName(spec, label, text));
    }

    private static ParameterException wrongName(CommandSpec spec, String label, String text) {
        String advice = ShortNames.advice(text.replaceFirst("@.*", ""));
        return new ParameterException(spec.commandLine(),
                label + ": expected " + ModelName.FORM + ", found '" + text + "'"
                        + (advice.isEmpty() && !text.contains("/")
                                ? ": short names are " + String.join(", ", ShortNames.all().keySet())
                                : advice));
    }
}
