package io.github.t6j.jmh.peer;

import com.google.gson.Gson;
import io.github.t6j.benchmark.SteadyState;
import io.github.t6j.jmh.Kernel;
import io.github.t6j.nativekernels.NativeKernels;
import io.github.t6j.weights.DType;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Measures t6j, llama.cpp and other Java engines alternately. All models of all engines are loaded at once; each round
 * measures every model, starting with a different one. Engines run the same file if they support it; other Java engines
 * run in processes of their own. Before anything is measured, the logits of all engines are compared. Each test is kept
 * when it is done, and a run goes on with the missing ones.
 */
public final class PeerRun {
    private static final double WARM_UP_SECONDS = 1;

    private static final double MAX_WARM_UP_SECONDS = 30;

    /** Smallest vocabulary of all models. */
    private static final int VOCABULARY = 49152;

    /** Tokens after which logits are compared. */
    private static final int COMPARED = 70;

    /** Largest difference of logits, as a share of the largest: two models of other weights differ by more than 1. */
    private static final double MAX_DIFFERENCE = 0.5;

    /** Pause before each measurement, in which the threads of the other engine go to sleep. */
    private static final long PAUSE_MILLIS = 50;

    private static final Gson GSON = new Gson();

    private final PeerPlan plan;
    private final Path json;
    private final double warmUpSeconds;
    private final PrintStream err;
    private volatile PeerResults results;
    private volatile boolean hasEnded;
    private final long start = System.nanoTime();
    private int done; // tests of this run

    /**
     * @param json file of the results; tests in it are skipped
     * @param warmUpSeconds shortest warm-up of each test of each model
     */
    PeerRun(PeerPlan plan, Path json, double warmUpSeconds, PrintStream err) throws IOException {
        this.plan = plan;
        this.json = json;
        this.warmUpSeconds = warmUpSeconds;
        this.err = err;
        results = Files.exists(json) ? PeerResults.read(json) : PeerResults.none(plan);
    }

    /**
     * Measures in a separate JVM, which has the vector module.
     *
     * @param command command that goes on after Ctrl-C
     * @return the exit code
     */
    public static int fork(PeerPlan plan, Path json, String command) throws IOException {
        return Kernel.fork(PeerRun.class, GSON.toJson(plan), json.toString(), command);
    }

    /** Measures. @param args a plan in JSON, the file for the results, and the command that goes on after Ctrl-C */
    public static void main(String[] args) throws IOException {
        PeerPlan plan = GSON.fromJson(args[0], PeerPlan.class);
        Path folder = Files.createTempDirectory("t6j-peer");
        Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(folder)));
        try {
            PeerRun run = new PeerRun(plan, Path.of(args[1]), WARM_UP_SECONDS, System.err);
            Runtime.getRuntime().addShutdownHook(new Thread(() -> run.printKept(args[2])));
            run.run(Llama.open(Path.of(plan.library())), folder);
        } catch (IllegalArgumentException | IllegalStateException | IOException failure) {
            System.err.println("report: " + failure.getMessage());
            System.exit(1);
        }
    }

    private void run(Llama llama, Path folder) throws IOException {
        try {
            for (String type : plan.types()) {
                if (!results.missing(type).isEmpty()) {
                    measure(type, folder, llama);
                }
            }
        } finally {
            hasEnded = true;
        }
    }

    private void measure(String type, Path folder, Llama llama) throws IOException {
        err.println("making the models in " + type);
        Map<String, Path> files = new LinkedHashMap<>();
        for (String model : plan.modelsOf(type)) {
            files.put(model, file(llama, folder, model, type));
        }
        measure(type, open(llama, type, files, folder));
    }

    /** Deletes what it can of a temporary folder, in which an interrupted run may still write. */
    private static void delete(Path folder) {
        try (Stream<Path> made = Files.walk(folder)) {
            for (Path path : made.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        } catch (IOException | UncheckedIOException failure) {
            System.err.println("report: cannot delete " + folder + ": " + failure.getMessage());
        }
    }

    /** Prints what an interrupted run has kept; nothing after one that ended or failed. */
    void printKept(String command) {
        if (!hasEnded && results.missing() < results.tests()) {
            err.printf("%nstopped: %d of %d tests are kept in %s%nthe same command measures the missing %d:%n  %s%n",
                    results.tests() - results.missing(), results.tests(), json, results.missing(), command);
            err.printf("pages of those that are kept:%n"
                    + "  java -jar jmh/target/benchmarks.jar report --from %s --out %s%n", json, json.getParent());
        }
    }

    private Path file(Llama llama, Path folder, String model, String type) throws IOException {
        Path file = folder.resolve(model + "-" + type + (model.equals("t6") ? "" : ".gguf"));
        String name = type.toUpperCase(Locale.ROOT);
        if (model.equals("t6")) {
            PeerShape.writeT6(file, PeerShape.t6(), DType.valueOf(name));
            return file;
        }
        Path unrounded = folder.resolve(model + "-f32.gguf");
        if (!Files.exists(unrounded)) {
            LlamaFile.write(unrounded, PeerShape.of(model), plan.jinfer() != null);
        }
        llama.quantize(unrounded, file, LlamaFileType.valueOf(name));
        return file;
    }

    private List<PeerModel> open(Llama llama, String type, Map<String, Path> files, Path folder) throws IOException {
        List<PeerModel> models = new ArrayList<>();
        for (Map.Entry<String, Path> entry : files.entrySet()) {
            String model = entry.getKey();
            Path file = entry.getValue();
            models.add(PeerModel.t6j(model, file, plan.contextLength(), plan.threads(), null));
            if (NativeKernels.exists(null)) {
                models.add(PeerModel.t6j(model, file, plan.contextLength(), plan.threads(), NativeKernels.load()));
            }
            if (!model.equals("t6")) {
                models.add(PeerModel.llama(model, llama, file, plan.contextLength(), plan.threads()));
            }
            for (PeerEngine engine : plan.engines(model, type)) {
                Path own = engine.isJlama() ? folder(folder, model) : file;
                models.add(PeerProcess.start(engine, folder, model, type, own, plan));
            }
        }
        return models;
    }

    /** Returns the folder of a model's safetensors, which is written once. */
    private static Path folder(Path folder, String model) throws IOException {
        Path own = folder.resolve(model + "-safetensors");
        if (!Files.exists(own)) {
            LlamaFolder.write(own, PeerShape.of(model));
        }
        return own;
    }

    /**
     * Compares the logits after some tokens with t6j's.
     *
     * @return the models to measure: the others compute another model
     * @throws IllegalStateException if t6j itself does, with other kernels
     */
    private List<PeerModel> compareLogits(String type, List<PeerModel> models) {
        int[] ids = PeerModel.ids(COMPARED, VOCABULARY);
        Map<String, float[]> own = new LinkedHashMap<>();
        List<PeerModel> compared = new ArrayList<>();
        for (PeerModel model : models) {
            model.fill(0);
            float[] found = model.logits(ids);
            model.rewind();
            float[] expected = own.computeIfAbsent(model.model(), name -> found); // t6j's, which is the first
            double difference = difference(found, expected);
            err.printf(Locale.ROOT, "%s, %s, %s: logits differ by %.1e of the largest%n", model.engine(), model.model(),
                    type, difference);
            if (difference <= MAX_DIFFERENCE) {
                compared.add(model);
                results = results.with(List.of(model.description().withLogits(difference)), List.of());
            } else {
                leaveOut(model, type, difference);
            }
        }
        return compared;
    }

    private void leaveOut(PeerModel model, String type, double difference) {
        String sentence = String.format(Locale.ROOT,
                "%s, %s, %s: not measured: expected logits within %.1f of t6j's largest, found a difference of %.1e",
                model.engine(), model.model(), type, MAX_DIFFERENCE, difference);
        if (model.engine().startsWith("t6j")) {
            throw new IllegalStateException(sentence);
        }
        err.println(sentence);
        results = results.without(sentence);
    }

    private static double difference(float[] found, float[] expected) {
        if (found.length != expected.length) {
            return Double.POSITIVE_INFINITY;
        }
        double largest = 0;
        double difference = 0;
        for (int i = 0; i < found.length; i++) {
            largest = Math.max(largest, Math.abs(expected[i]));
            difference = Math.max(difference, Math.abs(found[i] - expected[i]));
        }
        return difference / largest;
    }

    /** Measures the missing tests with {@code models}, keeps each, and closes the models. */
    void measure(String type, List<PeerModel> models) throws IOException {
        try {
            List<PeerModel> compared = compareLogits(type, models);
            for (int depth : results.missing(type)) {
                results = results.with(List.of(), test(type, compared, depth));
                results.write(json);
                done++;
                printLeft();
            }
        } finally {
            models.forEach(PeerModel::close);
        }
    }

    /** Prints the time left, in proportion to the tests of this run. */
    private void printLeft() {
        double minutes = (System.nanoTime() - start) / 60e9 / done * results.missing();
        err.printf(Locale.ROOT, "%d of %d tests done, about %.0f min left%n", results.tests() - results.missing(),
                results.tests(), Math.ceil(minutes));
    }

    PeerResults results() {
        return results;
    }

    private List<PeerSpeed> test(String type, List<PeerModel> models, int depth) {
        int count = depth < 0 ? plan.prompt() : plan.tokens();
        int[] ids = PeerModel.ids(count, VOCABULARY);
        Consumer<PeerModel> work =
                depth < 0 ? model -> model.read(ids) : model -> model.write(ids);
        for (PeerModel model : models) {
            model.fill(Math.max(0, depth));
            if (!SteadyState.reach(model::isWarm, () -> seconds(model, work), warmUpSeconds, MAX_WARM_UP_SECONDS)) {
                err.printf("%s, %s, %s: the warm-up ended before two runs agreed%n", model.engine(), model.model(),
                        type);
            }
        }
        double[][] speeds = new double[models.size()][plan.rounds()];
        for (int round = 0; round < plan.rounds(); round++) {
            for (int turn = 0; turn < models.size(); turn++) {
                int next = (round + turn) % models.size();
                pause();
                speeds[next][round] = count / seconds(models.get(next), work);
            }
        }
        List<PeerSpeed> measured = new ArrayList<>();
        for (int i = 0; i < models.size(); i++) {
            PeerModel of = models.get(i);
            PeerSpeed speed = new PeerSpeed(of.engine(), of.model(), type, of.cache(), count, depth, speeds[i]);
            measured.add(speed);
            err.printf(Locale.ROOT, "%s, %s, %s: %s: %.1f tokens/s, median %.1f%n", speed.engine(), speed.model(), type,
                    speed.test(), speed.fastest(), speed.median());
        }
        return measured;
    }

    private static double seconds(PeerModel model, Consumer<PeerModel> work) {
        long start = System.nanoTime();
        work.accept(model);
        double seconds = (System.nanoTime() - start) * 1e-9;
        model.rewind();
        return seconds;
    }

    private static void pause() {
        try {
            Thread.sleep(PAUSE_MILLIS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
