package io.github.t6j.cli.schedule;

import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.cli.schedule.RefusedException.Reason;
import io.github.t6j.sampling.Sampler;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Continuous batching: generations join and leave between passes, and parts of new prompts pass beside the next ids of those
 * that run; scorings are such parts, too. One thread owns all sessions. What a request gives is what {@link
 * Session#generate} gives for it alone, to the same bits, whatever runs beside it.
 */
public final class Scheduler implements AutoCloseable {
    /** Tokens of a page, by which caches grow. */
    private static final int PAGE = 64;

    private final Model model;
    private final Limits limits;
    private final long stateBytes; // of a session, whatever its ids
    private final long bytesPerId;
    private final Thread thread;
    private final Deque<Job> waiting = new ArrayDeque<>(); // guarded by this, as what follows
    private int waitingCopies;
    private boolean closed; //    no more requests are taken
    private boolean cancelled; // and those that are there end
    private Counts counts;

    /** @param options of all sessions, but for their context length */
    public Scheduler(Model model, SessionOptions options, Limits limits) {
        this.model = model;
        this.limits = limits;
        long onePage = model.sessionBytes(options.withContextLength(1));
        bytesPerId = (model.sessionBytes(options.withContextLength(PAGE + 1)) - onePage) / PAGE;
        Batcher batcher = new Batcher(model, options.withContextLength(limits.contextLength()), limits);
        stateBytes = batcher.stateBytes();
        counts = batcher.counts(0);
        thread = Thread.ofPlatform().name("t6j scheduler").daemon().start(() -> run(batcher));
    }

    /**
     * Takes a request, of whose copies {@code ticket} then tells, too.
     *
     * @param ticket for the thread that submits
     * @throws RefusedException if it is not taken
     * @throws IllegalArgumentException if the prompt does not fit in the context, an id is not the model's, there are more
     *     copies than may run, or the options are not for this model
     */
    public void submit(Request request, Ticket ticket) {
        check(request);
        submit(job(request, ticket));
    }

    /**
     * Takes a scoring, of whose end {@code ticket} then tells, too. What it finds is what {@link Session#prefill} gives for
     * the prompt, and in forks of its session for the continuations.
     *
     * @param ticket for the thread that submits
     * @throws RefusedException if it is not taken
     * @throws IllegalArgumentException if it does not fit in the context, or an id is not the model's
     */
    public void submit(Scoring scoring, Ticket ticket) {
        int ids = scoring.prompt().length + scoring.longest() - 1; // the last is not fed
        if (ids > limits.contextLength()) {
            throw new IllegalArgumentException("prompt and continuation: expected at most " + limits.contextLength()
                    + " tokens, the context, and one more, found " + (ids + 1));
        }
        checkIds("prompt", scoring.prompt());
        scoring.continuations().forEach(one -> checkIds("continuations", one));
        int index = ticket.enlarge(1, this::wake);
        submit(new ScoringJob(scoring, ticket, index, bytes(ids) + bytes(PAGE)));
    }

    private void submit(Job job) {
        if (job.bytes() > limits.cacheBytes()) {
            throw new RefusedException(Reason.TOO_LARGE, "the request's cache may take " + job.bytes()
                    + " bytes, expected at most " + limits.cacheBytes()
                    + ", what all caches may take: ask for fewer tokens");
        }
        synchronized (this) {
            if (closed) {
                throw new RefusedException(Reason.CLOSED, "the server is stopping and takes no more requests");
            }
            int most = limits.running() + limits.queued();
            int there = waitingCopies + counts.running();
            if (there + job.copies() > most) {
                throw new RefusedException(Reason.QUEUE_FULL,
                        there + " generations run or wait, expected at most " + most + ": try again later");
            }
            waiting.add(job);
            waitingCopies += job.copies();
            notifyAll();
        }
    }

    private void check(Request request) {
        if (request.prompt().length > limits.contextLength()) {
            throw new IllegalArgumentException("prompt: expected at most " + limits.contextLength()
                    + " tokens, the context, found " + request.prompt().length);
        }
        if (request.copies() > limits.running()) {
            throw new IllegalArgumentException(
                    "copies: expected at most " + limits.running() + ", found " + request.copies());
        }
        // refuses a bias for an id that is not there
        new Sampler(request.options().sampling(), model.info().sizes().vocabulary(), model.sampleableIds());
        if (!model.hasTokenizer() && !request.options().stop().isEmpty()) {
            throw new IllegalArgumentException("stop: expected none, since the model has no tokenizer");
        }
        checkIds("prompt", request.prompt());
    }

    private void checkIds(String what, int[] ids) {
        int vocabulary = model.info().sizes().vocabulary();
        for (int id : ids) {
            if (id < 0 || id >= vocabulary) {
                throw new IllegalArgumentException(
                        what + ": expected ids from 0 to " + (vocabulary - 1) + ", found " + id);
            }
        }
    }

    private Job job(Request request, Ticket ticket) {
        GenerationOptions options = request.options();
        if (options.sampling().seed() == null) {
            // below 2⁵³, so that whoever reads numbers as doubles can give it back
            long seed = new SplittableRandom().nextLong((1L << 53) - request.copies());
            options = options.withSampling(options.sampling().withSeed(seed));
        }
        int prompt = request.prompt().length;
        int more = Math.min(options.maxTokens(), limits.contextLength() - prompt);
        int index = ticket.enlarge(request.copies(), this::wake);
        return new GenerationJob(request, ticket, index, options, bytes(prompt + more), bytes(more + PAGE));
    }

    /** That the cache of a session takes. */
    private long bytes(long ids) {
        return stateBytes + (ids + PAGE - 1) / PAGE * PAGE * bytesPerId;
    }

    private synchronized void wake() {
        notifyAll();
    }

    /** What it does and did. */
    public synchronized Counts counts() {
        return counts;
    }

    /** Context length of all sessions. */
    public int contextLength() {
        return limits.contextLength();
    }

    private void run(Batcher batcher) {
        try {
            while (join(batcher)) {
                List<Runnable> ends = batcher.step();
                count(batcher);
                ends.forEach(Runnable::run);
            }
        } catch (RuntimeException | Error broken) {
            fail(batcher, new RefusedException(Reason.CLOSED, "the scheduler ended: " + broken));
            throw broken;
        } finally {
            batcher.close();
        }
    }

    private synchronized void count(Batcher batcher) {
        counts = batcher.counts(waitingCopies);
    }

    /** Waits for work, and lets those in for whom there is room; false at the end. */
    private synchronized boolean join(Batcher batcher) {
        while (waiting.isEmpty() && batcher.isEmpty()) {
            if (closed) {
                return false;
            }
            try {
                wait();
            } catch (InterruptedException never) {
                throw new IllegalStateException("nobody interrupts this thread", never);
            }
        }
        if (cancelled) {
            waiting.forEach(job -> job.ticket().cancel());
            batcher.cancel();
        }
        waiting.removeIf(this::hasLeft);
        while (!waiting.isEmpty() && batcher.admit(waiting.peek())) { // those behind wait, too: nobody overtakes
            waitingCopies -= waiting.remove().copies();
        }
        counts = batcher.counts(waitingCopies);
        return true;
    }

    private boolean hasLeft(Job job) {
        if (!job.isCancelled()) {
            return false;
        }
        job.cancel();
        waitingCopies -= job.copies();
        return true;
    }

    private synchronized void fail(Batcher batcher, RuntimeException cause) {
        closed = true;
        waiting.forEach(job -> job.fail(cause));
        waiting.clear();
        batcher.fail(cause);
    }

    /** Takes no more requests, and waits until those that are there have ended, or so long. @return whether they have */
    public boolean drain(Duration patience) throws InterruptedException {
        synchronized (this) {
            closed = true;
            notifyAll();
        }
        return thread.join(patience);
    }

    /** Cancels all that is there, and waits until it has ended. */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            cancelled = true;
            notifyAll();
        }
        boolean interrupted = false;
        while (thread.isAlive()) {
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
