package io.github.t6j.schedule;

import io.github.t6j.Embedder;
import io.github.t6j.Embedding;
import io.github.t6j.EmbeddingOptions;
import io.github.t6j.GenerationOptions;
import io.github.t6j.MemoryLimitException;
import io.github.t6j.Model;
import io.github.t6j.Prompt;
import io.github.t6j.SampleListener;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.TokenListener;
import io.github.t6j.schedule.RefusedException.Reason;
import io.github.t6j.schedule.turns.FairQueue;
import io.github.t6j.schedule.turns.Turns;
import io.github.t6j.schedule.turns.Turns.Admission;
import io.github.t6j.schedule.turns.Turns.MemoryUser;
import io.github.t6j.schedule.turns.Turns.Turn;
import io.github.t6j.schedule.turns.Turns.Work;
import io.github.t6j.weights.NativeMemory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/**
 * Continuous batching: many generations with one model at once. They join and leave between passes, and short new
 * prompts share a pass with the next ids of running generations. Any number of threads may submit.
 *
 * <pre>{@code
 * try (Scheduler scheduler = new Scheduler(model, SchedulerOptions.defaults())) {
 *     GenerationHandle handle = scheduler.submit("The whale", GenerationOptions.defaults());
 *     System.out.println(handle.result().join().text());
 * }
 * }</pre>
 *
 * <p>A generation gives the same bits as {@link Session#generate} alone, whatever else runs. Prompts that begin like an
 * earlier one share its cache. Submissions begin by their priority, then by a fair share of ids for each client
 * ({@link Prompt#withClient}), then in order. None is overtaken forever by others of its priority. Prompts are fed in
 * parts of {@link Model#maxPassRows} ids; the next part belongs alternately to the oldest prompt and, among those of the
 * highest priority, to the one with the fewest ids left. So prompts of the same length end one after the other, and a
 * short one does not wait for long ones. A part pauses for steps of the running generations, whose tokens then take
 * about twice as long. Texts to {@link #embed} are read in the same way, alternately with prompts; their caches share
 * the memory of all others.
 *
 * <p>One thread owns all sessions. It notices a cancellation or a deadline before its next pass, for waiting, reading
 * and running generations alike.
 */
public final class Scheduler implements AutoCloseable {
    private static final System.Logger LOGGER = System.getLogger(Scheduler.class.getName());

    /** Longest wait for a prefix that is being restored, before interrupted jobs are ended. */
    private static final long RESTORING_MILLIS = 20;
    /** Number of these waits that count as progress: a minute. */
    private static final int MAX_RESTORING_WAITS = 3000;

    /** Listener to the counts of a scheduler, such as a bridge to a metrics library. */
    @FunctionalInterface
    public interface MetricsListener {
        /** Called with the counts after a pass. */
        void onMetrics(SchedulerMetrics metrics);
    }

    /** Stage of the scheduler's life. */
    private enum Stage {
        /** Submissions are accepted. */
        OPEN,
        /** No more submissions are accepted; accepted ones go on. */
        DRAINING,
        /** Accepted submissions are cancelled, too. */
        CANCELLED
    }

    private final Model model;
    private final SchedulerOptions limits; // with the context length and the memory budget that apply
    private final Submissions submissions;
    private final String fingerprint;
    private final Thread thread;
    private final EmbeddingReader texts; // to embed; for the scheduler's thread, except its bytes()
    private final Turns turns = new Turns();
    private RuntimeException broken; // failure of a step within a pass, or null; for the scheduler's thread
    private final FairQueue<Job> waiting = new FairQueue<>(); // guarded by this, like the fields below
    private final List<EmbeddingJob> newTexts = new ArrayList<>(); // to embed; not accepted by the thread yet
    private List<EmbeddingJob> embeddings = List.of(); // jobs with texts that the thread has accepted
    private Stage stage = Stage.OPEN;
    private long refused;
    private SchedulerMetrics metrics;
    private volatile MetricsListener metricsListener = _ -> {
    };
    private int restoringWaits; // since a prefix was restored
    private volatile long progress; // written by the scheduler's thread

    /** Creates a scheduler with {@link SchedulerOptions#defaults}, see {@link #Scheduler(Model, SchedulerOptions)}. */
    public Scheduler(Model model) {
        this(model, SchedulerOptions.defaults());
    }

    /**
     * Creates a scheduler of {@code model} and starts its thread. Close it before the model.
     *
     * @throws MemoryLimitException if memory does not suffice for the context length of the sessions
     * @throws java.io.UncheckedIOException if the folder for prefixes cannot be created or read
     */
    public Scheduler(Model model, SchedulerOptions options) {
        this.model = Objects.requireNonNull(model, "model");
        Objects.requireNonNull(options, "options");
        SchedulerOptions budgeted = options.cacheBytes() > 0
                ? options
                : options.withCacheBytes(Math.max(1, NativeMemory.available() / 2));
        Batcher batcher = new Batcher(model, budgeted, this::wake);
        SessionOptions session = options.session().withContextLength(batcher.contextLength());
        limits = batcher.limits().withSession(session);
        submissions = new Submissions(model, limits, batcher, this::wake);
        metrics = batcher.metrics(0, 0);
        texts = batcher.texts();
        fingerprint = batcher.transformer().fingerprint();
        thread = Thread.ofPlatform().name("t6j scheduler").daemon().start(() -> run(batcher));
    }

    /** Submits the continuation of a text with {@link Model#generationDefaults()}. */
    public GenerationHandle submit(String prompt) {
        return submit(prompt, model.generationDefaults());
    }

    /** Submits the continuation of a text, see {@link #submit(Prompt, GenerationOptions, TokenListener)}. */
    public GenerationHandle submit(String prompt, GenerationOptions options) {
        return submit(Prompt.of(prompt), options);
    }

    /** Submits the continuation of a prompt, see {@link #submit(Prompt, GenerationOptions, TokenListener)}. */
    public GenerationHandle submit(Prompt prompt, GenerationOptions options) {
        return submit(prompt, options, token -> true);
    }

    /** Submits the continuation of a text, see {@link #submit(Prompt, GenerationOptions, TokenListener)}. */
    public GenerationHandle submit(String prompt, GenerationOptions options, TokenListener listener) {
        return submit(Prompt.of(prompt), options, listener);
    }

    /**
     * Submits the continuation of a prompt and returns at once. The timeout of the options begins to run now.
     *
     * @param listener receives each token on one of the computing threads, and the result on the scheduler's: it must
     *     return at once, since it delays all generations. Slow consumers use {@link GenerationHandle#tokens} or
     *     {@link GenerationHandle#result}. Its exception fails this generation only. A wait for another result of this
     *     scheduler throws an IllegalStateException; one through {@link CompletableFuture#allOf} is not noticed and
     *     never ends
     * @throws RefusedException if the queue is full, the cache would exceed the memory budget, or the scheduler is
     *     closed
     * @throws IllegalArgumentException if the prompt is empty or does not fit in the context, an id does not exist, or
     *     the options do not fit the model
     */
    public GenerationHandle submit(Prompt prompt, GenerationOptions options, TokenListener listener) {
        Objects.requireNonNull(listener, "listener");
        return submit(prompt, options, List.of(listener)).getFirst();
    }

    /** Submits samples of a prompt, see {@link #submitSamples(Prompt, int, GenerationOptions, SampleListener)}. */
    public List<GenerationHandle> submitSamples(Prompt prompt, int samples, GenerationOptions options) {
        return submitSamples(prompt, samples, options, (sample, token) -> true);
    }

    /**
     * Submits several continuations of a prompt, which is fed once. Sample i has the options' seed + i.
     *
     * @param listener listener as in {@link #submit(Prompt, GenerationOptions, TokenListener)}; different samples may
     *     call it at the same time
     * @return one handle for each sample, in order
     * @throws RefusedException as {@link #submit(Prompt, GenerationOptions, TokenListener)} does
     * @throws IllegalArgumentException also if {@code samples} is not in 1 … {@link SchedulerOptions#maxRunning}
     */
    public List<GenerationHandle> submitSamples(
            Prompt prompt, int samples, GenerationOptions options, SampleListener listener) {
        Objects.requireNonNull(listener, "listener");
        if (samples < 1 || samples > limits.maxRunning()) {
            throw new IllegalArgumentException(
                    "samples: expected 1 to " + limits.maxRunning() + ", found " + samples);
        }
        List<TokenListener> listeners = new ArrayList<>();
        for (int i = 0; i < samples; i++) {
            int sample = i;
            listeners.add(token -> listener.onToken(sample, token));
        }
        return submit(prompt, options, listeners);
    }

    private List<GenerationHandle> submit(Prompt prompt, GenerationOptions options, List<TokenListener> listeners) {
        Objects.requireNonNull(prompt, "prompt");
        Objects.requireNonNull(options, "options");
        GenerationJob job = submissions.generations(prompt, options, listeners);
        submit(job, prompt);
        return job.handles();
    }

    /**
     * Submits the scoring of continuations of a prompt, which is fed once. The result has the same bits as
     * {@link Session#prefill} of the prompt, and of each continuation in a fork of its session.
     *
     * @param prompt prompt; without ids, nothing predicts the first id of a continuation
     * @param continuations ids of at least one continuation: at least one id each, or two without a prompt
     * @return future log-probabilities of the ids of each continuation, in nats; without a prompt, of all but its
     *     first. Cancelling it cancels the scoring
     * @throws RefusedException as {@link #submit(Prompt, GenerationOptions, TokenListener)} does
     * @throws IllegalArgumentException if it does not fit in the context, an id does not exist, or a continuation is
     *     too short
     */
    public CompletableFuture<List<float[]>> score(Prompt prompt, List<int[]> continuations) {
        Objects.requireNonNull(prompt, "prompt");
        Objects.requireNonNull(continuations, "continuations");
        ScoringJob job = submissions.scoring(prompt, continuations);
        submit(job, prompt);
        return job.result();
    }

    /**
     * Submits texts or ids to embed, see {@link Embedder#embed(List)}. Passes take texts of all calls alternately. They
     * alternate with passes of prompts, and pause for steps as these do.
     *
     * @param prompts texts; the client and the priority of the first count for all
     * @param options pooling and its choices; the timeout begins to run now
     * @return future embeddings in the order of the prompts; it fails with a
     *     {@link java.util.concurrent.CancellationException} at the deadline. Cancelling it cancels the embedding
     * @throws RefusedException if more calls of this method wait than generations may run and wait, the cache of a text
     *     would exceed the memory budget, or the scheduler is closed
     * @throws IllegalArgumentException as {@link Embedder#Embedder(Model, EmbeddingOptions)} and
     *     {@link Embedder#embed(List)} do
     */
    public CompletableFuture<List<Embedding>> embed(List<Prompt> prompts, EmbeddingOptions options) {
        Objects.requireNonNull(prompts, "prompts");
        Objects.requireNonNull(options, "options");
        EmbeddingJob job = submissions.embedding(prompts, options);
        long bytes = texts.bytes(job.longest());
        synchronized (this) {
            checkBytes(bytes, "a text that may take ", "shorten it");
            checkOpen();
            List<EmbeddingJob> others = Stream.concat(embeddings.stream(), newTexts.stream()).toList();
            boolean isFirst = others.stream().noneMatch(other -> other.client().equals(job.client()));
            checkRoom(others.size(), 1, isFirst && !job.client().isEmpty(), "embeddings");
            newTexts.add(job);
            notifyAll();
        }
        return job.result();
    }

    private void checkOpen() {
        if (stage != Stage.OPEN) {
            throw refused(Reason.CLOSED, "the scheduler is stopping and accepts no more requests");
        }
    }

    /** @param isNewClient true for a client that has nothing in the queue, which others may not close to it */
    private void checkRoom(int admitted, int more, boolean isNewClient, String what) {
        long max = (long) limits.maxRunning() + limits.maxQueued() + (isNewClient ? limits.maxQueued() : 0);
        if (admitted + more > max) {
            throw refused(Reason.QUEUE_FULL,
                    admitted + " " + what + " run or wait, the limit is " + max + ": try again later");
        }
    }

    private void checkBytes(long bytes, String what, String advice) {
        if (bytes > limits.cacheBytes()) {
            throw refused(Reason.TOO_LARGE, "expected a cache of at most " + limits.cacheBytes()
                    + " bytes, the limit for all caches, found " + what + bytes + ": " + advice);
        }
    }

    private int waitingCopies() {
        return waiting.items().stream().mapToInt(Job::copies).sum();
    }

    private synchronized void submit(Job job, Prompt prompt) {
        checkBytes(job.bytes(), "a request that may take ", "ask for fewer tokens");
        checkOpen();
        boolean isFirst = !waiting.isEmpty() && !waiting.hasItemOf(prompt.client());
        checkRoom(waitingCopies() + metrics.running(), job.copies(), isFirst && !prompt.client().isEmpty(),
                "generations");
        job.setPriority(prompt.priority());
        waiting.add(job, prompt.client(), prompt.priority(), (long) job.copies() * job.length());
        notifyAll();
    }

    private RefusedException refused(Reason reason, String message) {
        refused++;
        return new RefusedException(reason, message, null);
    }

    private synchronized void wake() {
        turns.wake();
        restoringWaits = 0;
        notifyAll();
    }

    /** Returns the current counts: of this moment for what waits, runs and was refused, else after the last pass. */
    public synchronized SchedulerMetrics metrics() {
        return metrics.with(waitingCopies(), refused);
    }

    /**
     * Sets a listener to the counts, which replaces the last one.
     *
     * @param listener called on the scheduler's thread after each pass and at the end; it must return at once
     */
    public void setMetricsListener(MetricsListener listener) {
        metricsListener = Objects.requireNonNull(listener, "listener");
    }

    /** Returns a text that tells the model from others: its configuration and samples of its weights. */
    public String fingerprint() {
        return fingerprint;
    }

    /** Returns the options, with the context length and the memory budget that apply. */
    public SchedulerOptions options() {
        return limits;
    }

    /** Returns the context length of all sessions: the maximum number of ids of a prompt and its continuation. */
    public int contextLength() {
        return limits.session().contextLength();
    }

    private void run(Batcher batcher) {
        try {
            while (join(batcher)) {
                if (batcher.isEmpty() && texts.isEmpty()) {
                    continue; // the next job waits for a prefix that is being restored
                }
                Set<Work> work = batcher.work();
                if (texts.canRead(turns.mayBeginTexts())) {
                    work.add(Work.TEXTS);
                }
                batcher.checkModel(); // which texts to embed do not hold open
                if (work.isEmpty()) {
                    batcher.awaitChoice();
                    continue;
                }
                report(batcher, compute(batcher, turns.next(work)));
                if (broken != null) {
                    throw broken;
                }
            }
        } catch (RuntimeException | Error failure) {
            boolean closed = batcher.isModelClosed();
            fail(batcher, new RefusedException(Reason.CLOSED,
                    closed ? "the model was closed before the scheduler" : "the scheduler ended: " + failure, failure));
            if (!closed) {
                throw failure;
            }
        } finally {
            texts.close();
            batcher.close();
            report(batcher, List.of());
        }
    }

    private List<Runnable> compute(Batcher batcher, Turn turn) {
        return switch (turn) {
            case STEP -> batcher.step();
            case TEXTS -> readTexts(batcher);
            default -> batcher.read(turn, () -> pause(batcher));
        };
    }

    private List<Runnable> readTexts(Batcher batcher) {
        batcher.beginPass();
        boolean begins = texts.isIdle();
        List<Runnable> ends = texts.read(turns.mayBeginTexts(), () -> pause(batcher));
        if (begins) {
            turns.textsHaveBegun();
        }
        return ends;
    }

    /** Runs a step within a pass if it is due, and admits jobs that may join it. */
    private void pause(Batcher batcher) {
        progress++;
        if (broken == null && batcher.isStepDue()) {
            try {
                join(batcher);
                report(batcher, batcher.step());
            } catch (RuntimeException | Error failure) { // ends this scheduler after the pass
                broken = new IllegalStateException("a step failed", failure);
            }
        }
    }

    private void report(Batcher batcher, List<Runnable> ends) {
        count(batcher);
        report(() -> metricsListener.onMetrics(metrics()));
        ends.forEach(Scheduler::report);
    }

    /** Reports an end; a failure to report it must not end the others. */
    private static void report(Runnable end) {
        try {
            end.run();
        } catch (RuntimeException | Error failure) {
            LOGGER.log(System.Logger.Level.ERROR, "a listener of a scheduler failed", failure);
        }
    }

    private synchronized void count(Batcher batcher) {
        progress++;
        embeddings = texts.jobs();
        metrics = batcher.metrics(waitingCopies(), refused);
    }

    /** Waits for work, and admits the jobs that fit; returns false at the end. */
    private boolean join(Batcher batcher) {
        boolean isCancelled;
        List<Job> queued;
        synchronized (this) {
            if (!awaitWork(batcher)) {
                return false;
            }
            newTexts.forEach(texts::add);
            newTexts.clear();
            embeddings = texts.jobs();
            isCancelled = stage == Stage.CANCELLED;
            if (isCancelled) {
                batcher.cancel();
                texts.cancel();
            }
            queued = waiting.items();
        }
        // outside the monitor, because it calls functions of the callers; only this thread removes from waiting
        List<Job> interrupted = queued.stream().filter(job -> isCancelled || job.isInterrupted()).toList();
        boolean textsWaitForMemory = turns.nextMemoryUser() == MemoryUser.TEXTS && !texts.isEmpty()
                && !texts.canRead(true);
        synchronized (this) {
            waiting.removeAll(interrupted);
            if (!textsWaitForMemory) {
                admit(batcher);
            }
            metrics = batcher.metrics(waitingCopies(), refused);
        }
        interrupted.forEach(job -> report(job::reportInterruption));
        return true;
    }

    /** Waits for work, with the monitor; returns false at the end. */
    private boolean awaitWork(Batcher batcher) {
        while (batcher.isEmpty() && texts.isEmpty() && newTexts.isEmpty()) {
            boolean waitsForPrefix = turns.waitsForPrefix() && !batcher.hasRestored();
            if (!waiting.isEmpty() && !waitsForPrefix) {
                return true;
            }
            if (waiting.isEmpty() && stage != Stage.OPEN) {
                return false;
            }
            try {
                wait(waitsForPrefix ? RESTORING_MILLIS : 0);
            } catch (InterruptedException set) {
                // by a listener that this thread called; the work goes on
            }
            if (waitsForPrefix) {
                progress += restoringWaits++ < MAX_RESTORING_WAITS ? 1 : 0;
                return true; // so that interrupted jobs end
            }
        }
        return true;
    }

    /** Admits waiting jobs while there is room for the next one, which smaller ones do not overtake. */
    private void admit(Batcher batcher) {
        Admission admission = Admission.ADMITTED;
        while (!waiting.isEmpty() && admission == Admission.ADMITTED) {
            admission = batcher.admit(waiting.peek());
            turns.tried(admission);
            if (admission == Admission.ADMITTED) {
                waiting.remove();
            }
        }
        if (waiting.isEmpty()) {
            turns.queueIsEmpty();
        }
    }

    private synchronized void fail(Batcher batcher, RuntimeException cause) {
        stage = Stage.CANCELLED;
        waiting.items().forEach(job -> job.fail(cause));
        waiting.removeAll(waiting.items());
        newTexts.forEach(job -> job.fail(cause));
        newTexts.clear();
        texts.fail(cause);
        batcher.fail(cause);
        count(batcher);
    }

    /**
     * Returns a number that grows while this scheduler works: with each pass, several times within each, and for up to
     * a minute while a prefix is restored. It does not grow while nothing is submitted, or if the scheduler hangs.
     */
    public long progress() {
        return progress;
    }

    /**
     * Accepts no more submissions, and waits up to {@code patience} for the others to end.
     *
     * @return true if all have ended
     */
    public boolean drain(Duration patience) throws InterruptedException {
        Objects.requireNonNull(patience, "patience");
        synchronized (this) {
            stage = stage == Stage.OPEN ? Stage.DRAINING : stage;
            notifyAll();
        }
        return thread.join(patience);
    }

    /**
     * Cancels all submissions, and waits until they have ended. A listener must not call it from
     * {@link TokenListener#onToken}, whose call the scheduler waits for; from {@link TokenListener#onFinish} it returns
     * at once.
     */
    @Override
    public void close() {
        synchronized (this) {
            stage = Stage.CANCELLED;
            turns.wake();
            notifyAll();
        }
        boolean interrupted = false;
        while (thread.isAlive() && Thread.currentThread() != thread) {
            try {
                thread.join();
            } catch (InterruptedException later) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
