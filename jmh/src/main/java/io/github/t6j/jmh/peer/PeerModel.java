package io.github.t6j.jmh.peer;

import io.github.t6j.ComputeKernels;
import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.SessionOptions.CacheType;
import io.github.t6j.benchmark.FilledCache;
import io.github.t6j.kernels.choice.KernelChoice;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.SplittableRandom;

/** A model in an engine, to be measured. */
interface PeerModel extends AutoCloseable {
    /** Returns the name of the engine. */
    String engine();

    /** Returns the name of the model. */
    String model();

    /** Returns the type of the cache's elements. */
    String cache();

    /** Returns version, options and weights of the engine. */
    PeerDescription description();

    /** Returns true if all code that this model has used is compiled. */
    boolean isWarm();

    /** Empties the cache, then puts {@code depth} tokens into it. */
    void fill(int depth);

    /** Feeds all ids at once, and computes the logits after the last. */
    void read(int[] ids);

    /** Feeds the ids one by one, and computes the logits after each. */
    void write(int[] ids);

    /** Feeds all ids at once, and returns the logits after the last. */
    float[] logits(int[] ids);

    /** Removes what was fed since {@link #fill}. */
    void rewind();

    @Override
    void close();

    /** Returns {@code count} random ids. */
    static int[] ids(int count, int vocabulary) {
        return new SplittableRandom(1).ints(count, 0, vocabulary).toArray();
    }

    /**
     * Loads a model into t6j, as {@code t6j bench} does. Its cache is bf16, and is filled with random rows.
     *
     * @param kernels native kernels, or null for those in Java
     */
    static PeerModel t6j(String name, Path file, int contextLength, int threads, ComputeKernels kernels) {
        Model model = Model.load(file, ModelOptions.defaults().withThreads(threads).withKernels(kernels));
        model.warmUp(Duration.ofSeconds(30)); // also compiles what a test uses rarely
        Session session = model.newSession(
                SessionOptions.defaults().withContextLength(contextLength).withCacheType(CacheType.BF16));
        return new PeerModel() {
            private int depth;

            @Override
            public String engine() {
                return kernels == null ? "t6j" : "t6j native";
            }

            @Override
            public String model() {
                return name;
            }

            @Override
            public String cache() {
                return "bf16";
            }

            @Override
            public PeerDescription description() {
                return new PeerDescription(engine(),
                        String.valueOf(Model.class.getPackage().getImplementationVersion()),
                        kernels == null ? KernelChoice.kernels().description() : "native kernels", "the file", cache(),
                        Double.NaN);
            }

            @Override
            public boolean isWarm() {
                return model.isWarm();
            }

            @Override
            public void fill(int newDepth) {
                depth = newDepth;
                session.truncate(0);
                FilledCache.fill(session, depth, 1);
            }

            @Override
            public void read(int[] ids) {
                session.prefill(ids);
                session.logits();
            }

            @Override
            public void write(int[] ids) {
                for (int id : ids) {
                    session.step(id);
                    session.logits();
                }
            }

            @Override
            public float[] logits(int[] ids) {
                session.prefill(ids);
                return session.logits().clone();
            }

            @Override
            public void rewind() {
                session.truncate(depth);
            }

            @Override
            public void close() {
                session.close();
                model.close();
            }
        };
    }

    /** Loads a model into llama.cpp, with its default context: an f16 cache, flash attention if it chooses to. */
    static PeerModel llama(String name, Llama llama, Path file, int contextLength, int threads) {
        LlamaModel model = llama.load(file);
        LlamaContext context = model.newDefaultContext(contextLength, threads);
        return new PeerModel() {
            private static final int PIECE = 512;

            private int depth;

            @Override
            public String engine() {
                return "llama.cpp";
            }

            @Override
            public String model() {
                return name;
            }

            @Override
            public String cache() {
                return "f16";
            }

            @Override
            public PeerDescription description() {
                return new PeerDescription(engine(), LlamaStructs.VERSION,
                        "its default context, which chooses flash attention itself", "the file", cache(), Double.NaN);
            }

            @Override
            public boolean isWarm() {
                return true;
            }

            @Override
            public void fill(int newDepth) {
                depth = newDepth;
                context.truncate(0);
                int[] ids = ids(depth, model.vocabularySize());
                for (int from = 0; from < depth; from += PIECE) {
                    context.feed(Arrays.copyOfRange(ids, from, Math.min(depth, from + PIECE)));
                }
            }

            @Override
            public void read(int[] ids) {
                context.feed(ids);
            }

            @Override
            public void write(int[] ids) {
                for (int id : ids) {
                    context.feed(id);
                }
            }

            @Override
            public float[] logits(int[] ids) {
                return context.decode(ids)[ids.length - 1];
            }

            @Override
            public void rewind() {
                context.truncate(depth);
            }

            @Override
            public void close() {
                context.close();
                model.close();
            }
        };
    }
}
