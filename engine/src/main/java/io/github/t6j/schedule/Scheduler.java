package io.github.t6j.schedule;

import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.sampling.Sampler;
import io.github.t6j.schedule.RefusedException.Reason;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Continuous batching: generations join and leave between passes, and parts of new prompts share a pass with the next
 * ids of running generations; scorings are such parts, too. One thread owns all sessions. A request gives the same bits
 * as {@link Session#generate} for it alone, whatever runs with it.
 */
public final class Scheduler implements AutoCloseable {
    /** Tokens of a page, by which caches grow. */
    private static final int PAGE = 64;

    private final Model model;
    private final SchedulerLimits limits;
    private final long stateBytes; // of a session, for any number of ids
    private final long bytesPerId;
    private final Thread thread;
    private final Deque<Job> waiting = new ArrayDeque<>(); // guarded by this, like the fields below
    private int waitingCopies;
    private boolean closed; //    accepts no more requests
    private boolean cancelled; // also ends the accepted ones
    private Counts counts;

    /** @param options options of all sessions, without their context length */
    public Scheduler(Model model, SessionOptions options, SchedulerLimits limits) {
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
     * Accepts a generation; {@code ticket} then reports its copies, too.
     *
     * @param ticket ticket of the submitting thread
     * @throws RefusedException if the scheduler refuses the request
     * @throws IllegalArgumentException if the prompt does not fit in the context, an id does not exist, there are more
     *     copies than may run, or the options do not fit the model
     */
    public void submit(Request request, Ticket ticket) {
        check(request);
        submit(job(request, ticket));
    }

    /**
     * Accepts a scoring; {@code ticket} then reports its end, too. The result is that of {@link Session#prefill} for
     * the prompt, and for the continuations in forks of its session.
     *
     * @param ticket ticket of the submitting thread
     * @throws RefusedException if the scheduler refuses the scoring
     * @throws IllegalArgumentException if it does not fit in the context, or an id does not exist
     */
    public void submit(Scoring scoring, Ticket ticket) {
        int ids = scoring.prompt().length + scoring.longest() - 1; // the last id is not fed
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
            throw new RefusedException(Reason.TOO_LARGE, "expected a cache of at most " + limits.cacheBytes()
                    + " bytes, the limit for all caches, found a request that may take " + job.bytes()
                    + ": ask for fewer tokens");
        }
        synchronized (this) {
            if (closed) {
                throw new RefusedException(Reason.CLOSED, "the server is stopping and accepts no more requests");
            }
            int most = limits.running() + limits.queued();
            int there = waitingCopies + counts.running();
            if (there + job.copies() > most) {
                throw new RefusedException(Reason.QUEUE_FULL,
                        there + " generations run or wait, the limit is " + most + ": try again later");
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
        // Refuses a bias for an id that does not exist.
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
            // Seeds below 2⁵³, so that a client that reads numbers as doubles can send them back.
            long seed = new SplittableRandom().nextLong((1L << 53) - request.copies());
            options = options.withSampling(options.sampling().withSeed(seed));
        }
        int prompt = request.prompt().length;
        int more = Math.min(options.maxTokens(), limits.contextLength() - prompt);
        int index = ticket.enlarge(request.copies(), this::wake);
        return new GenerationJob(request, ticket, index, options, bytes(prompt + more), bytes(more + PAGE));
    }

    /** Returns the bytes of a session's cache. */
    private long bytes(long ids) {
        return stateBytes + (ids + PAGE - 1) / PAGE * PAGE * bytesPerId;
    }

    private synchronized void wake() {
        notifyAll();
    }

    /** Returns the current counts. */
    public synchronized Counts counts() {
        return counts;
    }

    /** Returns the context length of all sessions. */
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

    /** Waits for work, and admits the jobs that there is room for. @return false at the end */
    private synchronized boolean join(Batcher batcher) {
        while (waiting.isEmpty() && batcher.isEmpty()) {
            if (closed) {
                return false;
            }
            try {
                wait();
            } catch (InterruptedException never) {
                throw new IllegalStateException("expected no interrupt of this thread", never);
            }
        }
        if (cancelled) {
            waiting.forEach(job -> job.ticket().cancel());
            batcher.cancel();
        }
        waiting.removeIf(this::hasLeft);
        while (!waiting.isEmpty() && batcher.admit(waiting.peek())) { // strictly in order
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

    /**
     * Accepts no more requests, and waits up to {@code patience} for the others to end. @return true if all have ended
     */
    public boolean drain(Duration patience) throws InterruptedException {
        synchronized (this) {
            closed = true;
            notifyAll();
        }
        return thread.join(patience);
    }

    /** Cancels all requests, and waits until they have ended. */
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
