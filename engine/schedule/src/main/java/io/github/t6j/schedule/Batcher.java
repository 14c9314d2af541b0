package io.github.t6j.schedule;

import io.github.t6j.LogitsListener;
import io.github.t6j.MemoryLimitException;
import io.github.t6j.Model;
import io.github.t6j.Session;
import io.github.t6j.model.Transformer;
import io.github.t6j.session.SessionCore;
import io.github.t6j.session.SessionFeed;
import io.github.t6j.session.SessionState;
import io.github.t6j.weights.MemoryBudget;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Running generations and scorings, and kept caches of finished ones; for one thread. It also counts the caches of
 * {@link #texts}, which others read.
 */
final class Batcher {
    /** Caches kept for their prefixes, per generation at once; more would only fill the memory of a server. */
    private static final int KEPT_PER_RUNNING = 16;

    /** Most ids of prompts that join a step: on two cores their time is that of a step of some generations. */
    private static final int MOST_JOINING = 32;

    private final Model model;
    private final SchedulerOptions limits;
    /** Session that jobs begin as forks of, so that a whole context is checked against memory only once. */
    private final Session empty;
    private final Prefixes prefixes;
    private final SavedPrefixes saved;
    private final MemoryBudget budget; // of all caches
    private final long ownBytes; // of the empty session
    private final EmbeddingReader texts;
    private boolean lacksMemory; // for the job that was admitted last, or not
    private final List<Job> reading = new ArrayList<>(); // in the order of their arrival
    private List<Job> passing = List.of(); // those in a pass; in its pauses others go on
    private final List<Continuation> running = new ArrayList<>();
    private final TimeShare share = new TimeShare();
    private boolean firstIsNext = true;
    private boolean againIsNext;
    private long promptIds;
    private long cachedIds;
    private long generatedIds;
    private long passes;
    private long rows;
    private long ended;

    /**
     * @param wake makes this thread admit jobs again
     * @throws MemoryLimitException if memory does not hold the context of the sessions
     */
    Batcher(Model model, SchedulerOptions limits, Runnable wake) {
        this.model = model;
        empty = model.newSession(limits.session());
        SessionState state = SessionCore.of(empty).state();
        long most = Math.min(limits.cacheBytes(), Math.max(1, state.budget().available()));
        this.limits = limits.withCacheBytes(most);
        budget = new MemoryBudget("caches of a scheduler", Long.MAX_VALUE, state.budget());
        state.charge(budget);
        ownBytes = budget.allocated();
        texts = new EmbeddingReader(state.transformer(), budget, this::makesRoom);
        prefixes = new Prefixes(
                state.passesMatter() ? Model.maxPassRows() : 1,
                KEPT_PER_RUNNING * limits.running());
        saved = new SavedPrefixes(limits, prefixes, empty, wake);
    }

    /** Returns the reader of texts to embed, whose caches share the memory of all. */
    EmbeddingReader texts() {
        return texts;
    }

    boolean isEmpty() {
        return reading.isEmpty() && running.isEmpty();
    }

    /** Returns true if no prompt is read, and no continuation feeds its ids again. */
    boolean readsNothing() {
        return reading.isEmpty() && feedingAgain().findAny().isEmpty();
    }

    /** Begins a pass of others that takes time from the steps as one of prompts does. */
    void beginOtherPass() {
        share.beginPass();
    }

    Transformer transformer() {
        return SessionCore.of(empty).state().transformer();
    }

    int contextLength() {
        return empty.contextLength();
    }

    /** Returns the bytes that a session takes before its first id: linear attention's state. */
    long stateBytes() {
        return empty.cacheBytes();
    }

    /** Returns the bytes of the cache of a session of {@code ids} ids. */
    long fullBytes(int ids) {
        return SessionCore.of(empty).state().fullBytes(ids);
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
                + reading.stream().mapToLong(Job::growthBytes).sum() + texts.growthBytes();
        return budget.allocated() - ownBytes + growth + more <= limits.cacheBytes();
    }

    /** Returns true if caches may take {@code more} bytes, after kept prefixes were removed for them. */
    private boolean makesRoom(long more) {
        prefixes.shrink(() -> fits(more));
        return isEmpty() && texts.isIdle() || fits(more);
    }

    /** Returns true if {@link #admit} refused its last job because memory was short. */
    boolean lacksMemory() {
        return lacksMemory;
    }

    /**
     * Starts {@code job} if there is room for it, and no saved prefix must be restored before; kept prefixes are removed
     * to make room.
     */
    boolean admit(Job job) {
        boolean isFull = copies() + job.copies() > limits.running();
        lacksMemory = !isFull && bytes() + job.bytes() > limits.cacheBytes();
        if (isFull || lacksMemory || saved.awaits(job, limits.cacheBytes() - bytes())) {
            return false;
        }
        try {
            Session kept = prefixes.fork(job.prompt());
            lacksMemory = !makesRoom(job.bytes());
            if (lacksMemory) { // pages of ended jobs are in one piece with those of others
                if (kept != null) {
                    kept.close();
                }
                return false;
            }
            job.begin(kept == null ? empty.fork() : kept);
            int common = prefixes.beyondReach(job.prompt());
            job.setCommon(common - job.found() < SavedPrefixes.LEAST_RESTORED ? 0 : common);
            cachedIds += job.found();
            reading.add(job);
        } catch (RuntimeException | Error failure) { // other processes use the memory, too
            fail(job, failure);
        }
        return true;
    }

    /** Returns whether a saved prefix waits to be kept. */
    boolean hasRestored() {
        return saved.hasRestored();
    }

    private void fail(Job job, Throwable failure) {
        if (failure instanceof MemoryLimitException || failure instanceof OutOfMemoryError) {
            prefixes.shrink(() -> false); // less memory is free than estimated
        }
        leave(job);
        job.fail(failure);
    }

    /** Returns the running continuations whose next id is all that they feed. */
    private Stream<Continuation> stepping() {
        return running.stream().filter(continuation -> !continuation.feedsAgain());
    }

    /** Returns the running continuations that feed all ids again before the next one. */
    private Stream<Continuation> feedingAgain() {
        return running.stream().filter(Continuation::feedsAgain);
    }

    /** Returns whether to {@link #step} in a pause of {@link #read}. */
    boolean isStepDue() {
        return share.endPiece() && stepping().findAny().isPresent();
    }

    /**
     * Returns whether to {@link #step} between passes, also since all prompts are so short that they join.
     *
     * @param othersWait true if there is something else to compute than prompts
     */
    boolean isStepNext(boolean othersWait) {
        boolean allJoin = !othersWait && feedingAgain().findAny().isEmpty()
                && reading.stream().allMatch(job -> job.left() <= MOST_JOINING);
        return isStepDue() || allJoin && stepping().findAny().isPresent();
    }

    /**
     * Runs a step: the next id of each running generation, and short prompts or the ends of long ones, which take
     * little more time together with them.
     *
     * @return actions that report the finished ones
     */
    List<Runnable> step() {
        share.beginStep();
        List<Runnable> ends = new ArrayList<>();
        leaveInterrupted(ends);
        List<Job> parts = parts(reading, MOST_JOINING);
        Feeds feeds = new Feeds();
        List<Continuation> stepping = stepping().toList();
        stepping.forEach(feeds::add);
        parts.forEach(feeds::add);
        feed(feeds, SessionFeed.NO_PAUSE);
        choose(stepping.stream().filter(continuation -> !continuation.isOver()).toList());
        parts.forEach(job -> goOn(job, ends));
        leaveEnded(ends);
        share.endStep();
        return ends;
    }

    /**
     * Reads parts of prompts in one pass.
     *
     * @param pause called several times in each block of the pass; may admit jobs, and run a step if that is due
     * @return actions that report the finished ones
     */
    List<Runnable> read(Runnable pause) {
        List<Runnable> ends = new ArrayList<>();
        leaveInterrupted(ends);
        feedingAgain().forEach(Continuation::endIfInterrupted);
        List<Continuation> again = nextFeedingAgain();
        passing = again.isEmpty() ? parts(nextTurns(), Model.maxPassRows()) : List.of();
        Feeds feeds = new Feeds();
        passing.forEach(feeds::add);
        again.forEach(feeds::add);
        share.beginPass();
        feed(feeds, pause);
        List<Job> parts = passing;
        passing = List.of();
        parts.forEach(job -> goOn(job, ends));
        choose(again.stream().filter(Continuation::hasFedAgain).toList());
        leaveEnded(ends);
        return ends;
    }

    /** Returns the continuation that feeds ids again in the next pass, alternately with prompts; none if there is none. */
    private List<Continuation> nextFeedingAgain() {
        againIsNext = reading.isEmpty() || !againIsNext;
        return againIsNext ? feedingAgain().filter(one -> !one.isOver()).limit(1).toList() : List.of();
    }

    /**
     * Returns the prompts in the order of their turns: alternately the one that came first, and the one with the fewest
     * ids left. So prompts of the same length end one after the other, a short one does not wait for long ones, and
     * short ones cannot delay a long one forever.
     */
    private List<Job> nextTurns() {
        List<Job> turns = new ArrayList<>(reading);
        turns.sort(Comparator.comparingInt(Job::left)); // of the same length in the order of their arrival
        if (firstIsNext && !reading.isEmpty()) {
            turns.remove(reading.getFirst());
            turns.addFirst(reading.getFirst());
        }
        firstIsNext = !firstIsNext;
        return turns;
    }

    /** Returns those of {@code jobs} whose next parts fit in {@code rows} rows together, if they are in no pass. */
    private List<Job> parts(List<Job> jobs, int rows) {
        List<Job> parts = new ArrayList<>();
        int free = rows;
        for (Job job : jobs) {
            int length = job.part(Model.maxPassRows()).length;
            if (length <= free && !passing.contains(job)) {
                free -= length;
                parts.add(job);
            }
        }
        return parts;
    }

    /** Ids for one pass: each session with its next ids. */
    private static final class Feeds {
        private final List<Session> sessions = new ArrayList<>();
        private final List<int[]> ids = new ArrayList<>();
        private final List<LogitsListener> listeners = new ArrayList<>();
        private final List<Consumer<Throwable>> failures = new ArrayList<>(); // receive the failure of each
        private int promptIds;

        private void add(Session session, int[] next, LogitsListener listener, Consumer<Throwable> failure) {
            sessions.add(session);
            ids.add(next);
            listeners.add(listener);
            failures.add(failure);
        }

        private void add(Continuation continuation) {
            add(continuation.session(), continuation.part(Model.maxPassRows()), null, continuation::fail);
        }

        private void add(Job job) {
            int[] part = job.part(Model.maxPassRows());
            promptIds += part.length;
            add(job.session(), part, job.listener(), job::fail);
        }
    }

    /** Feeds all together; if that fails, one by one, so that only the failing ones end. */
    private void feed(Feeds feeds, Runnable pause) {
        List<Session> sessions = feeds.sessions;
        if (sessions.isEmpty()) {
            return;
        }
        passes++;
        promptIds += feeds.promptIds;
        rows += feeds.ids.stream().mapToInt(one -> one.length).sum();
        int[] positions = sessions.stream().mapToInt(Session::position).toArray();
        try {
            model.feed(sessions, feeds.ids.toArray(int[][]::new), feeds.listeners.toArray(LogitsListener[]::new),
                    pause);
        } catch (RuntimeException | Error together) {
            for (int i = 0; i < sessions.size(); i++) {
                try {
                    if (sessions.get(i).position() != positions[i]) {
                        throw new IllegalStateException("the pass failed after it was fed", together);
                    }
                    model.feed(List.of(sessions.get(i)), new int[][] {feeds.ids.get(i)},
                            new LogitsListener[] {feeds.listeners.get(i)});
                } catch (RuntimeException | Error alone) {
                    feeds.failures.get(i).accept(alone);
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
        try {
            if (job.hasFailed()) {
                reading.remove(job);
                leave(job);
                return;
            }
            if (job.isAtCommon()) {
                keep(job.session());
            }
            if (job.isRead()) {
                switch (job) {
                    case GenerationJob generation -> begin(generation);
                    case ScoringJob scoring -> goOn(scoring, ends);
                }
            }
        } catch (RuntimeException | Error failure) { // such as too little memory for its forks
            reading.remove(job);
            fail(job, failure);
        }
    }

    private void begin(GenerationJob job) {
        saved.save(job);
        keep(job.session()); // while the job counts, since a page that the kept cache shares is copied
        reading.remove(job);
        List<Continuation> continuations = job.continuations();
        running.addAll(continuations);
        choose(continuations);
    }

    private void goOn(ScoringJob job, List<Runnable> ends) {
        if (!job.readsContinuations()) {
            keep(job.session());
        }
        if (!job.next()) {
            reading.remove(job);
            leave(job);
            ends.add(job::report);
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

    /** Removes interrupted jobs that are in no pass. */
    private void leaveInterrupted(List<Runnable> ends) {
        reading.removeIf(job -> {
            boolean leaves = !passing.contains(job) && job.isInterrupted();
            if (leaves) {
                leave(job);
                ends.add(job::reportInterruption);
            }
            return leaves;
        });
    }

    private void leaveEnded(List<Runnable> ends) {
        List<Continuation> over = running.stream().filter(Continuation::isOver).toList();
        over.forEach(this::free);
        running.removeAll(over);
        over.forEach(continuation -> ends.add(continuation::reportEnd));
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

    /** Ends, closes and removes all begun jobs because of {@code cause}. */
    void fail(RuntimeException cause) {
        ended += copies();
        reading.forEach(job -> job.fail(cause));
        for (Continuation continuation : running) {
            continuation.leave();
            continuation.fail(cause);
            continuation.reportEnd();
        }
        closeJobs();
    }

    private void closeJobs() {
        reading.forEach(Job::close);
        reading.clear();
        running.forEach(continuation -> continuation.session().close());
        running.clear();
    }

    /** Closes all sessions. */
    void close() {
        closeJobs();
        saved.close();
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
