package io.github.t6j.cli.models;

import io.github.t6j.LoadListener;
import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import io.github.t6j.RopeVariant;
import io.github.t6j.WeightType;
import io.github.t6j.cli.Main;
import io.github.t6j.cli.io.Progress;
import io.github.t6j.cli.io.Threads;
import io.github.t6j.family.VariantName;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
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

    @Option(
            names = "--weight-type",
            paramLabel = "TYPE",
            description = {"Type to round the matrices to when loading: f32, bf16, q8_0, q6_k, q5_k, q4_k or q4_0",
                "(default: the type of the files)."})
    private WeightType weightType;

    @Mixin
    private AdapterArguments adapters;

    @Option(names = "--tokenizer", paramLabel = "DIR|FILE",
            description = "Tokenizer: a folder, a tokenizer.json or a GGUF file (default: the model's own).")
    private Path tokenizer;

    @Mixin
    private Threads threads;

    @Mixin
    private KernelArguments kernels;

    @Option(names = {"-ngl", "--gpu-layers", "--n-gpu-layers"}, hidden = true)
    private String gpuLayers; // llama.cpp's

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    private Duration loadTime;

    /** Checks the options before the model is loaded; {@link #load} does not check them again. */
    public void check() {
        threads.check(spec);
        folder.check(spec);
        if (gpuLayers != null && !gpuLayers.equals("0")) {
            main().note("note: -ngl " + gpuLayers + ": t6j uses no GPU; all layers run on the CPU");
        }
    }

    /** Checks the options as {@link #check()} does, and takes the model of an argument, if there is one. */
    public void check(ModelParameter argument) {
        argument.model().ifPresent(model -> folder.use(spec, "MODEL", model));
        check();
    }

    /** Takes the first of {@code words} for the model if it names one. @return the other words */
    public List<String> takeModel(List<String> words) {
        return folder.takeModel(main(), spec, words);
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

    /** Returns the duration of the last {@link #load(LoadListener)}. */
    public Duration loadTime() {
        return loadTime;
    }

    public Model load() {
        return load((done, bytes) -> {
        });
    }

    /** Loads the model and also reports the progress to {@code listener}. */
    public Model load(LoadListener listener) {
        long start = System.nanoTime();
        Model model = load(path(), adapters.adapters(main()), listener);
        loadTime = Duration.ofNanos(System.nanoTime() - start);
        return model;
    }

    /** Loads another model with the same options, but without adapters. */
    public Model load(Path path) {
        return load(path, List.of(), (done, bytes) -> {
        });
    }

    private Model load(Path path, List<ModelOptions.Adapter> adapters, LoadListener listener) {
        ModelOptions options =
                ModelOptions.defaults().withLoad(load).withThreads(threads.count()).withVariant(variant)
                        .withTokenizer(tokenizer).withWeightType(weightType);
        for (ModelOptions.Adapter adapter : adapters) {
            options = options.withAdapter(adapter.folder(), adapter.scale());
        }
        Main main = main();
        ModelOptions all = options.withKernels(kernels.kernels(main));
        Path files = ModelFolder.folderOf(path);
        VariantFile.noteOther(main, variant, VariantFile.read(files), files);
        Model model;
        try (Progress progress = new Progress(main, "loading")) {
            model = Model.load(path, all.withProgress((done, bytes) -> {
                listener.onProgress(done, bytes);
                progress.update(done, bytes);
            }));
        }
        model.notes().forEach(note -> main.note("note: " + note));
        return model;
    }
}
