package io.github.t6j.cli;

import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import io.github.t6j.RopeVariant;
import java.nio.file.Path;
import java.time.Duration;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What every command that loads a model takes. */
final class ModelArguments {
    @Mixin
    private ModelFolder folder;

    @Option(
            names = "--variant",
            paramLabel = "NAME",
            description = "What the files cannot say: " + RopeVariant.WORDS
                    + " (default: what t6j.json or config.json say).")
    private RopeVariant variant;

    @Option(
            names = "--load",
            paramLabel = "HOW",
            defaultValue = "copy",
            description = "How weights are read: copy, or mmap, which maps the files (default: ${DEFAULT-VALUE}).")
    private ModelOptions.Load load;

    @Option(names = "--tokenizer", paramLabel = "DIR|FILE",
            description = "Folder with a tokenizer, or a tokenizer.json (default: the model's own).")
    private Path tokenizer;

    @Mixin
    private Threads threads;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    private Duration loadTime;

    /** Checks what can be checked without the model; {@link #load} does not again. */
    void check() {
        threads.check(spec);
    }

    private Main main() {
        return (Main) spec.root().userObject();
    }

    Path path() {
        return folder.path(main());
    }

    /** What to call the model. */
    String name() {
        return folder.name(main());
    }

    int threads() {
        return threads.count();
    }

    /** How long the last {@link #load} took. */
    Duration loadTime() {
        return loadTime;
    }

    Model load() {
        return load(path());
    }

    /** Another model, in the same way. */
    Model load(Path path) {
        ModelOptions options =
                new ModelOptions(load, threads.count(), variant, tokenizer);
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
