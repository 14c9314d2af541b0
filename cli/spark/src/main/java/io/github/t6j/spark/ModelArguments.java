package io.github.t6j.spark;

import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import io.github.t6j.RopeVariant;
import io.github.t6j.SessionOptions;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.SparkFiles;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** What every job says of its model. It goes to the executors, each of which loads the model once. */
final class ModelArguments implements Serializable {
    private static final long serialVersionUID = 1;

    private record Loaded(Path path, ModelOptions options) {}

    /** The models of this JVM, which stay until it ends: the next task will want them. */
    private static final Map<Loaded, Model> MODELS = new ConcurrentHashMap<>();

    @Option(names = "--model", required = true, paramLabel = "DIR|FILE",
            description = "The model: the name that --archives gives it (model.zip#model), or a folder or file that is at "
                    + "the same absolute path on all machines.")
    private String model;

    @Option(names = "--variant", paramLabel = "NAME",
            description = "What the files cannot say: " + RopeVariant.WORDS
                    + " (default: what t6j.json or config.json say).")
    private RopeVariant variant;

    @Option(names = "--load", paramLabel = "HOW", defaultValue = "copy",
            description = "How weights are read: copy, or mmap, which maps the files (default: ${DEFAULT-VALUE}).")
    private ModelOptions.Load load;

    @Option(names = "--threads", paramLabel = "N", defaultValue = "1",
            description = "Threads that compute for a task; as many as its spark.task.cpus (default: ${DEFAULT-VALUE}).")
    private int threads;

    @Option(names = "--cache-type", paramLabel = "TYPE", defaultValue = "f32",
            description = "How the cache stores numbers: f32, f16, bf16, or q8, 8 bits with scales "
                    + "(default: ${DEFAULT-VALUE}).")
    private SessionOptions.CacheType cacheType;

    @Option(names = "--context", paramLabel = "N",
            description = "Tokens that fit (default: the model's block_size).")
    private Integer context;

    /** @param leastContext that a --context must have */
    void check(CommandSpec spec, int leastContext) {
        DocumentArguments.atLeast(spec, "--threads", threads, 1);
        if (context != null) {
            DocumentArguments.atLeast(spec, "--context", context, leastContext);
        }
    }

    /** This executor's model: the first task that asks loads it, while others wait. */
    Model onExecutor() {
        String where = Path.of(model).isAbsolute() ? model : SparkFiles.get(model);
        Path path = Path.of(where).normalize();
        if (!Files.exists(path)) {
            throw new JobFailure("--model " + path + ": expected a folder with config.json and weights, or a file of "
                    + "weights, on every machine, found nothing: ship a folder's zip by --archives model.zip#model");
        }
        return MODELS.computeIfAbsent(new Loaded(path, new ModelOptions(load, threads, variant)), ModelArguments::load);
    }

    private static Model load(Loaded what) {
        long start = System.nanoTime();
        Model model = Model.load(what.path, what.options);
        System.err.println("t6j: loaded " + what.path + " in " + (System.nanoTime() - start) / 1_000_000 + " ms");
        return model;
    }

    /** With the model's context if the user says none: never less, as what memory holds differs from machine to machine. */
    SessionOptions sessionOptions(Model loaded) {
        return SessionOptions.defaults().withCacheType(cacheType)
                .withContextLength(context == null ? loaded.info().sizes().contextLength() : context);
    }
}
