package io.github.t6j.jmh;

import io.github.t6j.Model;
import io.github.t6j.ModelInfo;
import io.github.t6j.ModelOptions;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Loads a model from its folder, once in a cold JVM, as every command does. */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 0)
@Measurement(iterations = 1)
@Fork(value = 5, jvmArgsPrepend = {BenchmarkSupport.VECTORS, BenchmarkSupport.HUGE_PAGES})
@State(Scope.Benchmark)
public class LoadBenchmark {
    /** Folder of the model; t6-tiny by default. */
    @Param("")
    public String model;

    /** Method of reading the files: copy or mmap. */
    @Param({"copy", "mmap"})
    public String load;

    private Path folder;
    private ModelOptions options;

    /** Finds the folder. */
    @Setup
    public void find() {
        folder = model.isEmpty() ? BenchmarkSupport.testData("models/t6-tiny") : Path.of(model);
        options = ModelOptions.defaults().withLoad(switch (load) {
            case "copy" -> ModelOptions.Load.COPY;
            case "mmap" -> ModelOptions.Load.MMAP;
            default -> throw BenchmarkSupport.unknown("load", "copy or mmap", load);
        });
    }

    /** Loads the model. */
    @Benchmark
    public ModelInfo open() {
        try (Model opened = Model.load(folder, options)) {
            return opened.info();
        }
    }
}
