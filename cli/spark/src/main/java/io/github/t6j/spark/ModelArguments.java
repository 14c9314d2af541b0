package io.github.t6j.spark;

import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import io.github.t6j.RopeVariant;
import io.github.t6j.SessionOptions;
import io.github.t6j.WeightType;
import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.cli.io.Range;
import io.github.t6j.family.VariantName;
import io.github.t6j.schedule.Scheduler;
import io.github.t6j.schedule.SchedulerOptions;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.SparkFiles;
import org.apache.spark.TaskContext;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** Model options of every job. They are sent to the executors, each of which loads the model once. */
final class ModelArguments implements Serializable {
    private static final long serialVersionUID = 1;

    /** Maximum number of waiting requests: a task has few documents at once, but one may be a long text. */
    private static final int QUEUED = 1 << 24;

    private record Loaded(Path path, ModelOptions options) {}

    /** Models of this JVM, kept until it ends, since the next tasks need them. */
    private static final Map<Loaded, Model> MODELS = new ConcurrentHashMap<>();

    @Option(names = "--model", required = true, paramLabel = "DIR|FILE",
            description = {"Model: the name that --archives gives it (model.zip#model),",
                "or a folder or file at the same absolute path on all machines."})
    private String model;

    @Option(names = "--variant", paramLabel = "NAME",
            description = {"RoPE variant: " + VariantName.ALL,
                "(default: from t6j.json or config.json)."})
    private RopeVariant variant;

    @Option(names = "--load", paramLabel = "HOW", defaultValue = "copy",
            description = {"Method of reading the weights: copy or mmap.",
                "mmap maps the files into memory (default: ${DEFAULT-VALUE})."})
    private ModelOptions.Load load;

    @Option(names = "--weight-type", paramLabel = "TYPE",
            description = {"Type to round the matrices to when loading: f32, bf16, q8_0, q6_k, q5_k, q4_k or q4_0",
                "(default: the type of the files)."})
    private WeightType weightType;

    @Option(names = "--threads", paramLabel = "N",
            description = "Number of threads that compute for a task (default: its spark.task.cpus).")
    private Integer threads;

    @Option(names = "--cache-type", paramLabel = "TYPE", defaultValue = "f32",
            description = {"Type of the cache's elements: f32, f16, bf16 or q8.",
                "q8 has 8 bits and scales (default: ${DEFAULT-VALUE})."})
    private SessionOptions.CacheType cacheType;

    @Option(names = "--context", paramLabel = "N",
            description = "Number of tokens in the context (default: the model's block_size).")
    private Integer context;

    /** @param minContext smallest valid --context */
    void check(CommandSpec spec, int minContext) {
        if (threads != null) {
            Range.atLeast(spec, "--threads", threads, 1);
        }
        if (context != null) {
            Range.atLeast(spec, "--context", context, minContext);
        }
    }

    /** Returns this executor's model; the first task loads it, while others wait. */
    Model onExecutor() {
        String where = Path.of(model).isAbsolute() ? model : SparkFiles.get(model);
        Path path = Path.of(where).normalize();
        if (!Files.exists(path)) {
            throw new CommandFailure("--model " + path + ": expected a folder with config.json and weights, or a "
                    + "weight file, on every machine, found no such file: send a zip of it with "
                    + "--archives model.zip#model");
        }
        ModelOptions options = ModelOptions.defaults().withLoad(load).withVariant(variant).withWeightType(weightType)
                .withThreads(threads == null ? TaskContext.get().cpus() : threads);
        return MODELS.computeIfAbsent(new Loaded(path, options), ModelArguments::load);
    }

    private static Model load(Loaded what) {
        long start = System.nanoTime();
        Model model = Model.load(what.path, what.options);
        System.err.println("t6j: loaded " + what.path + " in " + (System.nanoTime() - start) / 1_000_000 + " ms");
        return model;
    }

    /**
     * Returns the maximum number of tokens of a session: the model's context by default, and never less, since free
     * memory differs between machines.
     */
    int contextLength(Model loaded) {
        return context == null ? loaded.info().sizes().contextLength() : context;
    }

    /** Returns a scheduler for a task. Its caches take at most the memory of {@code parallel} full contexts. */
    Scheduler newScheduler(Model loaded, int parallel) {
        SessionOptions session =
                SessionOptions.defaults().withCacheType(cacheType).withContextLength(contextLength(loaded));
        return new Scheduler(loaded, SchedulerOptions.defaults().withMaxRunning(parallel).withMaxQueued(QUEUED)
                .withSession(session).withCacheBytes(parallel * loaded.sessionBytes(session).nativeBytes()));
    }
}
