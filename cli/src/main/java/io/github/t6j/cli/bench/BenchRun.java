package io.github.t6j.cli.bench;

import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.ModelInfo;
import io.github.t6j.Prompt;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.Token;
import io.github.t6j.benchmark.FilledCache;
import io.github.t6j.benchmark.ReadBandwidth;
import io.github.t6j.benchmark.SteadyState;
import io.github.t6j.cli.bench.BenchResult.Conditions;
import io.github.t6j.sampling.Sampler;
import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.tokenizer.TokenStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;

/** One test of one model: fills sessions to the test's depth, and runs each repetition on forks of them. */
final class BenchRun {
    private static final long SEED = 1;

    /** Time after which a test is measured even if its warm-up has not settled. */
    private static final long MAX_WARM_UP_SECONDS = 30;

    private final Model model;
    private final SessionOptions options;
    private final BenchCase test;
    private final double warmUpSeconds;
    private final int[] prompt;
    private int[] ids; // of a generation without drafts, or null
    private long samplingNanos;
    private long cacheBytes;

    BenchRun(Model model, SessionOptions options, BenchCase test, double warmUpSeconds) {
        this.model = model;
        this.options = options.withContextLength(test.depth() + test.tokens() + 1);
        this.test = test;
        this.warmUpSeconds = warmUpSeconds;
        prompt = new SplittableRandom(SEED).ints(test.tokens(), 0, model.sampleableIds()).toArray();
    }

    /** Measures {@code repetitions} runs after a warm-up, or the first runs of this process if {@code cold} is true. */
    BenchResult measure(String name, int threads, int repetitions, boolean cold) {
        List<Session> filled = new ArrayList<>();
        try (ReadBandwidth readTest = new ReadBandwidth(threads)) {
            for (int i = 0; i < test.batch(); i++) {
                filled.add(model.newSession(options));
                FilledCache.fill(filled.getLast(), test.depth(), SEED + i);
            }
            boolean steady = cold || warmUp(filled);
            MachineLoad load = new MachineLoad();
            double cpuSeconds = 0;
            double bandwidth = 0; // measured after each repetition, since other processes use the memory, too
            double[] seconds = new double[repetitions];
            double total = 0;
            samplingNanos = 0;
            for (int i = 0; i < repetitions; i++) {
                MachineLoad work = new MachineLoad();
                seconds[i] = once(filled);
                cpuSeconds += work.ownTime() / repetitions;
                total += seconds[i];
                bandwidth += readTest.bytesPerSecond() / repetitions;
            }
            return new BenchResult(
                    name, model.info(), model.weightBytes(), model.weightType(), threads, test, options.cacheType(),
                    seconds, stepBytes(), bandwidth, samplingNanos / 1e9 / total,
                    new Conditions(cpuSeconds, load.others(), model.hugePageBytes(), cold, steady), cacheBytes,
                    cacheBytesPerToken());
        } finally {
            filled.forEach(Session::close);
        }
    }

    /** Runs the test until it is steady, or once if no warm-up is wanted. @return false if it did not become steady */
    private boolean warmUp(List<Session> filled) {
        if (warmUpSeconds == 0) {
            once(filled);
            return true;
        }
        model.warmUp(Duration.ofSeconds(MAX_WARM_UP_SECONDS)); // also compiles what the test uses rarely
        return SteadyState.reach(model::isWarm, () -> once(filled), warmUpSeconds, MAX_WARM_UP_SECONDS);
    }

    private long cacheBytesPerToken() {
        return (cacheBytes / test.batch() - model.info().cache().stateBytes()) / (test.depth() + test.tokens());
    }

    private double stepBytes() {
        if (test.reading() || test.drafts() > 0) {
            return 0;
        }
        double middle = cacheBytesPerToken() * (test.depth() + (test.tokens() + 1) / 2.0);
        return readWeightBytes() + (middle + model.info().cache().stateBytes()) * test.batch();
    }

    /**
     * Returns the bytes of the weights that a step reads. Several sessions choose some experts in common, as many as
     * independent choices would.
     */
    private double readWeightBytes() {
        ModelInfo.Experts experts = model.info().experts();
        // share that a session does not choose
        double unchosen = 1 - (double) experts.used() / Math.max(1, experts.count());
        return model.weightBytes()
                - (model.weightBytes() - model.activeWeightBytes()) * Math.pow(unchosen, test.batch() - 1);
    }

    /** Runs the test once. @return seconds */
    private double once(List<Session> filled) {
        checkInterrupt();
        List<Session> sessions = new ArrayList<>();
        try {
            filled.forEach(session -> sessions.add(session.fork()));
            double seconds = run(sessions);
            cacheBytes = sessions.stream().mapToLong(Session::usedCacheBytes).sum();
            return seconds;
        } finally {
            sessions.forEach(Session::close);
        }
    }

    private static void checkInterrupt() {
        if (Thread.currentThread().isInterrupted()) {
            throw new CancellationException("interrupted");
        }
    }

    private double run(List<Session> sessions) {
        if (test.reading()) {
            return read(sessions.getFirst());
        }
        return test.drafts() > 0 ? writeDrafted(sessions.getFirst()) : write(sessions);
    }

    /** Runs a generation with drafts from its first run, which has none. */
    private double writeDrafted(Session session) {
        GenerationOptions generation = GenerationOptions.defaults().withMaxTokens(test.tokens())
                .withIgnoreEndOfText(true).withSampling(SamplingOptions.defaults().withSeed(SEED));
        if (ids == null) {
            try (Session plain = session.fork()) {
                ids = plain.generate(Prompt.of(0), generation).tokens().stream().mapToInt(Token::id)
                        .limit(test.tokens()).toArray();
            }
        }
        long start = System.nanoTime();
        session.generate(
                Prompt.of(0), generation.withSpeculation(new BenchDrafts(ids, test.drafts(), test.right())));
        return (System.nanoTime() - start) / 1e9;
    }

    private double read(Session session) {
        long start = System.nanoTime();
        session.prefill(prompt);
        session.logits();
        return (System.nanoTime() - start) / 1e9;
    }

    /** Runs the whole generation loop, from a given first id. */
    private double write(List<Session> sessions) {
        List<Sampler> samplers = new ArrayList<>();
        List<TokenStream> texts = new ArrayList<>();
        for (int i = 0; i < sessions.size(); i++) {
            SamplingOptions sampling = SamplingOptions.defaults().withSeed(SEED + i);
            samplers.add(new Sampler(sampling, model.info().sizes().vocabulary(), model.sampleableIds()));
            texts.add(model.hasTokenizer() ? model.tokenizer().newDecoder() : null);
        }
        int[] next = new int[sessions.size()];
        long start = System.nanoTime();
        for (int step = 0; step < test.tokens(); step++) {
            checkInterrupt();
            model.step(sessions, next);
            sessions.forEach(Session::logits); // computed now, so that sampling excludes the output matrix
            long fed = System.nanoTime();
            for (int i = 0; i < next.length; i++) {
                next[i] = choose(sessions.get(i).logits(), samplers.get(i), texts.get(i));
            }
            samplingNanos += System.nanoTime() - fed;
        }
        return (System.nanoTime() - start) / 1e9;
    }

    private static int choose(float[] logits, Sampler sampler, TokenStream text) {
        int id = sampler.sample(logits);
        Sampler.logProbability(logits, id);
        sampler.accept(id);
        if (text != null) {
            text.append(id);
        }
        return id;
    }
}
