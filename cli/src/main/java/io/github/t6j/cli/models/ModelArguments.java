package io.github.t6j.cli.models;

import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import io.github.t6j.RopeVariant;
import io.github.t6j.cli.Main;
import io.github.t6j.cli.io.Progress;
import io.github.t6j.cli.io.Threads;
import io.github.t6j.family.VariantName;
import java.nio.file.Path;
import java.time.Duration;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Options of every command that loads a model. */
public final class ModelArguments {
    @Mixin
    private ModelFolder folder;

    @Option(
            names = "--variant",
            paramLabel = "NAME",
            description = {"RoPE variant: " + VariantName.ALL,
                "(default: from t6j.json or config.json)."})
    private RopeVariant variant;

    @Option(
            names = "--load",
            paramLabel = "HOW",
            defaultValue = "copy",
            description = {"Method of reading the weights: copy or mmap.",
                "mmap maps the files into memory (default: ${DEFAULT-VALUE})."})
    private ModelOptions.Load load;

    @Option(names = "--tokenizer", paramLabel = "DIR|FILE",
            description = "Folder with a tokenizer, or a tokenizer.json (default: the model's own).")
    private Path tokenizer;

    @Mixin
    private Threads threads;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    private Duration loadTime;

    /** Checks the options before the model is loaded; {@link #load} does not check them again. */
    public void check() {
        threads.check(spec);
    }

    private Main main() {
        return (Main) spec.root().userObject();
    }

    public Path path() {
        return folder.path(main());
    }

    /** Returns the model's name for messages. */
    public String name() {
        return folder.name(main());
    }

    public int threads() {
        return threads.count();
    }

    /** Returns the duration of the last {@link #load}. */
    public Duration loadTime() {
        return loadTime;
    }

    public Model load() {
        return load(path());
    }

    /** Loads another model with the same options. */
    public Model load(Path path) {
        ModelOptions options =
                ModelOptions.defaults().withLoad(load).withThreads(threads.count()).withVariant(variant)
                        .withTokenizer(tokenizer);
        Main main = main();
        Path files = ModelFolder.folderOf(path);
        VariantFile.noteOther(main, variant, VariantFile.read(files), files);
        Model model;
        long start = System.nanoTime();
        try (Progress progress = new Progress(main, "loading")) {
            model = Model.load(path, options, share -> progress.update(share, 1));
        }
        loadTime = Duration.ofNanos(System.nanoTime() - start);
        model.notes().forEach(note -> main.note("note: " + note));
        return model;
    }
}
