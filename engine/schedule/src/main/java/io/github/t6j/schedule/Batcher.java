package io.github.t6j.schedule;

import io.github.t6j.MemoryLimitException;
import io.github.t6j.Model;
import io.github.t6j.Session;
import io.github.t6j.model.Batch;
import io.github.t6j.model.Transformer;
import io.github.t6j.schedule.prefixes.Prefixes;
import io.github.t6j.schedule.turns.TimeShare;
import io.github.t6j.schedule.turns.Turns.Admission;
import io.github.t6j.schedule.turns.Turns.Turn;
import io.github.t6j.schedule.turns.Turns.Work;
import io.github.t6j.session.SessionCore;
import io.github.t6j.session.SessionState;
import io.github.t6j.weights.MemoryBudget;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Running generations and scorings, and kept caches of finished ones; for one thread. Their memory is shared with
 * {@link #texts}, which the scheduler reads.
 */
final class Batcher {
    /** Kept prefixes for each generation that may run; more would only fill the memory of a server. */
    private static final int KEPT_PER_RUNNING = 16;

    /** Maximum number of prompts' ids that join a step: on two cores they take as long as several generations' step. */
    private static final int MAX_JOINING = 32;

    private final SchedulerOptions limits;
    /** Session that jobs fork, so that a whole context is checked against memory only once. */
    private final Session empty;
    private final Prefixes prefixes;
    private final SavedPrefixes saved;
    private final MemoryBudget budget; // of all caches
    private final long emptyBytes; // of the empty session
    private final EmbeddingReader texts;
    private final List<Job> reading = new ArrayList<>(); // in the order of their arrival
    private List<Job> passing = List.of(); // jobs in the current pass; others go on in its pauses
    private final List<Continuation> running = new ArrayList<>();
    private final TimeShare share = new TimeShare();
    private final Chooser chooser;
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
        chooser = new Chooser(model);
        empty = model.newSession(limits.session());
        SessionState state = SessionCore.of(empty).state();
        long max = Math.min(limits.cacheBytes(), Math.max(1, state.budget().available()));
        this.limits = limits.withCacheBytes(max);
        budget = new MemoryBudget("caches of a scheduler", Long.MAX_VALUE, state.budget());
        state.charge(budget);
        emptyBytes = budget.allocated();
        texts = new EmbeddingReader(state.transformer(), budget, this::makesRoom, this::checkModel);
        prefixes = new Prefixes(
                state.passesMatter() ? Model.maxPassRows() : 1,
                KEPT_PER_RUNNING * limits.maxRunning());
        saved = new SavedPrefixes(limits, prefixes, empty, wake);
    }

    /** Returns the reader of texts to embed, whose caches share the memory of all. */
    EmbeddingReader texts() {
        return texts;
    }

    boolean isEmpty() {
        return reading.isEmpty() && running.isEmpty();
    }

    Transformer transformer() {
        return SessionCore.of(empty).state().transformer();
    }

    int contextLength() {
        return empty.contextLength();
    }

    /** Returns the bytes that a session takes before its first id: the states of layers that have one. */
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

    /** Returns true if the model is closed, so that no pass can begin. */
    boolean isModelClosed() {
        return SessionCore.of(empty).use().isModelClosed();
    }

    /** @throws IllegalStateException if the model is closed, which ends all work alike */
    void checkModel() {
        if (isModelClosed()) {
            throw new IllegalStateException("the model is closed");
        }
    }

    /** Returns the limits that apply. */
    SchedulerOptions limits() {
        return limits;
    }

    /** Returns the maximum number of bytes of the caches of all jobs that have begun. */
    private long bytes() {
        return running.stream().mapToLong(Continuation::bytes).sum() + reading.stream().mapToLong(Job::bytes).sum();
    }

    /** Returns true if all allocated caches, with what begun jobs may still allocate, leave {@code more} bytes. */
    private boolean fits(long more) {
        long growth = running.stream().mapToLong(Continuation::growthBytes).sum()
                + reading.stream().mapToLong(Job::growthBytes).sum() + texts.growthBytes();
        return budget.allocated() - emptyBytes + growth + more <= limits.cacheBytes();
    }

    /** Returns true if caches may take {@code more} bytes, after kept prefixes were removed for them. */
    private boolean makesRoom(long more) {
        prefixes.shrink(() -> fits(more));
        return isEmpty() && texts.isIdle() || fits(more);
    }

    /**
     * Starts {@code job} if memory and the number of generations leave room for it, and no saved prefix must be
     * restored before; removes kept prefixes to make room.
     */
    Admission admit(Job job) {
        if (copies() + job.copies() > limits.maxRunning()) {
            return Admission.FULL;
        }
        if (bytes() + job.bytes() > limits.cacheBytes()) {
            return Admission.LACKS_MEMORY;
        }
        if (saved.awaits(job, limits.cacheBytes() - bytes())) {
            return Admission.RESTORES_PREFIX;
        }
        try {
            Session kept = prefixes.fork(job.prompt());
            if (!makesRoom(job.bytes())) { // the pages of ended jobs share slabs with pages of others
                if (kept != null) {
                    kept.close();
                }
                return Admission.LACKS_MEMORY;
            }
            job.begin(kept == null ? empty.fork() : kept);
            int common = prefixes.beyondReach(job.prompt());
            job.setCommon(common - job.found() < SavedPrefixes.MIN_RESTORED ? 0 : common);
            cachedIds += job.found();
            reading.add(job);
        } catch (RuntimeException | Error failure) { // other processes use the memory, too
            checkModel();
            fail(job, failure);
        }
        return Admission.ADMITTED;
    }

    /** Returns true if a restored prefix waits to be kept. */
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

    /** Returns the running continuations whose next ids are chosen. */
    private Stream<Continuation> ready() {
        return running.stream().filter(continuation -> !chooser.isLate(continuation));
    }

    /** Returns the running continuations that only feed their next ids. */
    private Stream<Continuation> stepping() {
        return ready().filter(continuation -> !continuation.recomputes());
    }

    /** Returns the running continuations whose keys are computed again before the next id. */
    private Stream<Continuation> recomputing() {
        return ready().filter(Continuation::recomputes);
    }

    /** Returns true if a {@link #step} is due, between passes or in a pause of one. */
    boolean isStepDue() {
        return share.endPiece() && stepping().findAny().isPresent();
    }

    /** Returns the work that the next pass can do. */
    Set<Work> work() {
        Set<Work> work = EnumSet.noneOf(Work.class);
        if (isStepDue()) {
            work.add(Work.DUE_STEP);
        }
        if (chooser.hasCompleted() || stepping().findAny().isPresent()) {
            work.add(Work.STEP);
        }
        if (recomputing().findAny().isPresent()) {
            work.add(Work.RECOMPUTATION);
        }
        if (!reading.isEmpty()) {
            work.add(reading.stream().allMatch(job -> job.left() <= MAX_JOINING) ? Work.SHORT_PROMPTS : Work.PROMPTS);
        }
        return work;
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
        collect(ends);
        leaveInterrupted(ends);
        List<Job> parts = parts(reading, MAX_JOINING);
        SharedPass pass = new SharedPass(this::checkModel);
        List<Continuation> stepping = stepping().toList();
        stepping.forEach(pass::add);
        parts.forEach(pass::add);
        long start = System.nanoTime();
        run(pass, Batch.NO_PAUSE);
        if (stepping.size() == 1 && parts.isEmpty()) {
            stepping.getFirst().measure(start);
        }
        choose(stepping.stream().filter(continuation -> !continuation.isOver()).toList());
        parts.forEach(job -> advance(job, ends));
        leaveEnded(ends);
        share.endStep();
        return ends;
    }

    /** Begins a pass of prompts, or of texts, which takes time from the steps in the same way. */
    void beginPass() {
        share.beginPass();
    }

    /**
     * Reads parts of prompts in one pass, or recomputes a continuation.
     *
     * @param turn {@code OLDEST_PROMPT}, {@code SHORTEST_PROMPT} or {@code RECOMPUTATION}
     * @param pause called several times in each block of the pass; may admit jobs, and run a step if that is due
     * @return actions that report the finished ones
     */
    List<Runnable> read(Turn turn, Runnable pause) {
        List<Runnable> ends = new ArrayList<>();
        collect(ends);
        leaveInterrupted(ends);
        recomputing().forEach(Continuation::endIfInterrupted);
        boolean recomputes = turn == Turn.RECOMPUTATION;
        passing = recomputes ? List.of() : parts(inOrder(turn), Model.maxPassRows());
        List<Continuation> recomputed = recomputing()
                .filter(continuation -> recomputes && !continuation.isOver()).limit(1).toList();
        SharedPass pass = new SharedPass(this::checkModel);
        passing.forEach(pass::add);
        recomputed.forEach(pass::add);
        beginPass();
        run(pass, pause);
        List<Job> parts = passing;
        passing = List.of();
        parts.forEach(job -> advance(job, ends));
        choose(recomputed.stream().filter(Continuation::endRecomputation).toList());
        leaveEnded(ends);
        return ends;
    }

    /**
     * Returns the prompts by their priority, then by the number of ids left, fewest first, but the oldest first when it
     * is its turn. Thus prompts of the same length end one after the other, a short one does not wait for long ones, and
     * no prompt is delayed forever.
     */
    private List<Job> inOrder(Turn turn) {
        List<Job> jobs = new ArrayList<>(reading);
        jobs.sort(Comparator.comparingInt(Job::priority).reversed()
                .thenComparingInt(Job::left)); // of the same length in the order of their arrival
        if (turn == Turn.OLDEST_PROMPT && !reading.isEmpty()) {
            jobs.remove(reading.getFirst());
            jobs.addFirst(reading.getFirst());
        }
        return jobs;
    }

    /** Returns the jobs that are in no pass and whose next parts fit together in {@code capacity} rows. */
    private List<Job> parts(List<Job> jobs, int capacity) {
        List<Job> parts = new ArrayList<>();
        int free = capacity;
        for (Job job : jobs) {
            int length = job.part(Model.maxPassRows()).length;
            if (length <= free && !passing.contains(job)) {
                free -= length;
                parts.add(job);
            }
        }
        return parts;
    }

    private void run(SharedPass pass, Runnable pause) {
        if (pass.rows() > 0) {
            passes++;
            promptIds += pass.promptIds();
            rows += pass.rows();
            pass.run(pause);
        }
    }

    /** Waits a moment for a choice that goes on beside the passes, while there is nothing else to do. */
    void awaitChoice() {
        chooser.awaitAny();
    }

    /** Lets continuations go on whose choices went on beside the passes. */
    private void collect(List<Runnable> ends) {
        generatedIds += chooser.collect();
        leaveEnded(ends);
    }

    private void choose(List<Continuation> continuations) {
        continuations.forEach(continuation -> continuation.share(Math.max(1, running.size())));
        generatedIds += chooser.choose(continuations);
    }

    /** Advances a job after a part of its prompt. */
    private void advance(Job job, List<Runnable> ends) {
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
                    case ScoringJob scoring -> advance(scoring, ends);
                }
            }
        } catch (RuntimeException | Error failure) { // such as too little memory for its forks
            checkModel();
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

    private void advance(ScoringJob job, List<Runnable> ends) {
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
        checkModel();
        List<Continuation> over = ready().filter(Continuation::isOver).toList();
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
        chooser.close();
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
        chooser.close();
        closeJobs();
        saved.close();
        prefixes.shrink(() -> false);
        empty.close();
    }

    SchedulerMetrics metrics(int waiting, long refused) {
        return new SchedulerMetrics(
                waiting, copies(), bytes(), prefixes.bytes(), Math.max(0, budget.allocated() - emptyBytes), promptIds,
                cachedIds,
                generatedIds, passes, rows, ended,
                refused);
    }
}
