package io.github.t6j.schedule;

import io.github.t6j.LogitsListener;
import io.github.t6j.MemoryLimitException;
import io.github.t6j.Model;
import io.github.t6j.Session;
import io.github.t6j.session.SessionCore;
import io.github.t6j.session.SessionState;
import io.github.t6j.weights.MemoryBudget;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

/** Running generations and scorings, and kept caches of finished ones; for one thread. */
final class Batcher {
    /** Caches kept for their prefixes, per generation at once; more would only fill the memory of a server. */
    private static final int KEPT_PER_RUNNING = 16;

    private final Model model;
    private final SchedulerOptions limits;
    /** Session that jobs begin as forks of, so that a whole context is checked against memory only once. */
    private final Session empty;
    private final Prefixes prefixes;
    private final MemoryBudget budget; // of all caches
    private final long ownBytes; // of the empty session
    private final List<Job> reading = new ArrayList<>(); // in the order of their turns
    private final List<Continuation> running = new ArrayList<>();
    private long promptIds;
    private long cachedIds;
    private long generatedIds;
    private long passes;
    private long rows;
    private long ended;

    /** @throws MemoryLimitException if memory does not hold the context of the sessions */
    Batcher(Model model, SchedulerOptions limits) {
        this.model = model;
        empty = model.newSession(limits.session());
        SessionState state = SessionCore.of(empty).state();
        long most = Math.min(limits.cacheBytes(), Math.max(1, state.budget().available()));
        this.limits = limits.withCacheBytes(most);
        budget = new MemoryBudget("caches of a scheduler", Long.MAX_VALUE, state.budget());
        state.charge(budget);
        ownBytes = budget.allocated();
        prefixes = new Prefixes(
                state.passesMatter() ? Model.maxPassRows() : 1,
                KEPT_PER_RUNNING * limits.running());
    }

    boolean isEmpty() {
        return reading.isEmpty() && running.isEmpty();
    }

    int contextLength() {
        return empty.contextLength();
    }

    /** Returns the bytes that a session takes before its first id: linear attention's state. */
    long stateBytes() {
        return empty.cacheBytes();
    }

    int copies() {
        return running.size() + reading.stream().mapToInt(Job::copies).sum();
    }

    /** Returns the limits that apply. */
    SchedulerOptions limits() {
        return limits;
    }

    /** Returns the most bytes of the caches of all jobs that have begun. */
    private long bytes() {
        return running.stream().mapToLong(Continuation::bytes).sum() + reading.stream().mapToLong(Job::bytes).sum();
    }

    /** Returns true if all allocated caches, with what begun jobs may still allocate, leave {@code more} bytes. */
    private boolean fits(long more) {
        long growth = running.stream().mapToLong(Continuation::growthBytes).sum()
                + reading.stream().mapToLong(Job::growthBytes).sum();
        return budget.allocated() - ownBytes + growth + more <= limits.cacheBytes();
    }

    /** Starts {@code job} if there is room for it; kept prefixes are removed to make room. */
    boolean admit(Job job) {
        if (copies() + job.copies() > limits.running() || bytes() + job.bytes() > limits.cacheBytes()) {
            return false;
        }
        try {
            Session kept = prefixes.fork(job.prompt());
            prefixes.shrink(() -> fits(job.bytes()));
            if (!isEmpty() && !fits(job.bytes())) { // pages of ended jobs are in one piece with those of others
                if (kept != null) {
                    kept.close();
                }
                return false;
            }
            job.begin(kept == null ? empty.fork() : kept);
            cachedIds += job.session().position();
            reading.add(job);
        } catch (RuntimeException | Error failure) { // other processes use the memory, too
            fail(job, failure);
        }
        return true;
    }

    private void fail(Job job, Throwable failure) {
        if (failure instanceof MemoryLimitException || failure instanceof OutOfMemoryError) {
            prefixes.shrink(() -> false); // less memory is free than estimated
        }
        leave(job);
        job.fail(failure);
    }

    /**
     * Runs one pass: the next id of each running generation, and parts of prompts. @return actions that report the
     * finished ones
     */
    List<Runnable> step() {
        List<Runnable> ends = new ArrayList<>();
        reading.removeIf(job -> isInterrupted(job, ends));
        List<Session> sessions = new ArrayList<>();
        List<int[]> ids = new ArrayList<>();
        List<LogitsListener> listeners = new ArrayList<>();
        for (Continuation continuation : running) {
            sessions.add(continuation.session());
            ids.add(new int[] {continuation.id()});
            listeners.add(null);
        }
        List<Job> parts = parts();
        for (Job job : parts) {
            sessions.add(job.session());
            ids.add(job.part(Model.maxPassRows()));
            listeners.add(job.listener());
            promptIds += ids.getLast().length;
        }
        feed(sessions, ids, listeners, parts);
        choose(running.stream().filter(continuation -> !continuation.isOver()).toList());
        for (Job job : parts) {
            reading.removeFirst();
            try {
                goOn(job, ends);
            } catch (RuntimeException | Error failure) { // such as too little memory for its forks
                fail(job, failure);
            }
        }
        List<Continuation> over = running.stream().filter(Continuation::isOver).toList();
        over.forEach(this::free);
        running.removeAll(over);
        over.forEach(continuation -> ends.add(continuation::tellEnd));
        return ends;
    }

    /** Returns the first jobs of {@link #reading} whose next parts fit in one pass together. */
    private List<Job> parts() {
        List<Job> parts = new ArrayList<>();
        int free = Model.maxPassRows();
        for (Job job : reading) {
            free -= job.part(Model.maxPassRows()).length;
            if (free < 0) {
                break;
            }
            parts.add(job);
        }
        return parts;
    }

    /** Feeds all parts together; if that fails, one by one, so that only the failing ones end. */
    private void feed(List<Session> sessions, List<int[]> ids, List<LogitsListener> listeners, List<Job> parts) {
        if (sessions.isEmpty()) {
            return;
        }
        passes++;
        rows += ids.stream().mapToInt(one -> one.length).sum();
        int[] positions = sessions.stream().mapToInt(Session::position).toArray();
        try {
            model.feed(sessions, ids.toArray(int[][]::new), listeners.toArray(LogitsListener[]::new));
        } catch (RuntimeException | Error together) {
            for (int i = 0; i < sessions.size(); i++) {
                try {
                    if (sessions.get(i).position() != positions[i]) {
                        throw new IllegalStateException("the pass failed after it was fed", together);
                    }
                    model.feed(List.of(sessions.get(i)), new int[][] {ids.get(i)},
                            new LogitsListener[] {listeners.get(i)});
                } catch (RuntimeException | Error alone) {
                    if (i < running.size()) {
                        running.get(i).fail(alone);
                    } else {
                        parts.get(i - running.size()).fail(alone);
                    }
                }
            }
        }
    }

    /** Chooses the next ids on all threads: sampling from 50,000 tokens takes 0.3 ms. */
    private void choose(List<Continuation> continuations) {
        LongAdder chosen = new LongAdder();
        model.runParallel(continuations.size(), i -> chosen.add(continuations.get(i).choose() ? 1 : 0));
        generatedIds += chosen.sum();
    }

    /** Continues a job after a part of its prompt. */
    private void goOn(Job job, List<Runnable> ends) {
        if (job.hasFailed()) {
            leave(job);
        } else if (!job.isRead()) {
            reading.add(job);
        } else {
            switch (job) {
                case GenerationJob generation -> begin(generation);
                case ScoringJob scoring -> goOn(scoring, ends);
            }
        }
    }

    private void begin(GenerationJob job) {
        keep(job.session());
        List<Continuation> continuations = job.continuations();
        running.addAll(continuations);
        choose(continuations);
    }

    private void goOn(ScoringJob job, List<Runnable> ends) {
        if (!job.readsContinuations()) {
            keep(job.session());
        }
        if (job.next()) {
            reading.add(job);
        } else {
            leave(job);
            ends.add(job::tell);
        }
    }

    private void leave(Job job) {
        job.close();
        ended += job.copies();
    }

    /** Keeps the session's cache, or the part of it that is the same for any prompt; nothing if memory is short. */
    private void keep(Session session) {
        int length = prefixes.keepable(session.position());
        if (length == 0) {
            return;
        }
        try {
            Session kept = session.fork();
            kept.truncate(length);
            kept.trim();
            prefixes.keep(kept);
            prefixes.shrink(() -> fits(0));
        } catch (MemoryLimitException | OutOfMemoryError full) {
            prefixes.shrink(() -> false);
        }
    }

    private boolean isInterrupted(Job job, List<Runnable> ends) {
        if (job.isInterrupted()) {
            leave(job);
            ends.add(job::tellInterruption);
            return true;
        }
        return false;
    }

    private void free(Continuation continuation) {
        ended++;
        continuation.leave();
        if (prefixes.keepsContinuations()) {
            keep(continuation.session());
        }
        continuation.session().close();
    }

    /** Cancels all running jobs. */
    void cancel() {
        reading.forEach(Job::cancel);
        running.forEach(continuation -> continuation.handle().cancel());
    }

    /** Ends all running jobs because of {@code cause}. */
    void fail(RuntimeException cause) {
        reading.forEach(job -> job.fail(cause));
        for (Continuation continuation : running) {
            continuation.fail(cause);
            continuation.tellEnd();
        }
    }

    /** Closes all sessions. */
    void close() {
        reading.forEach(Job::close);
        running.forEach(continuation -> continuation.session().close());
        prefixes.shrink(() -> false);
        empty.close();
    }

    SchedulerMetrics metrics(int waiting, long refused) {
        return new SchedulerMetrics(
                waiting, copies(), bytes(), prefixes.bytes(), budget.allocated() - ownBytes, promptIds, cachedIds,
                generatedIds, passes, rows, ended,
                refused);
    }
}
