package io.github.t6j.schedule;

import io.github.t6j.model.Transformer;
import io.github.t6j.schedule.EmbeddingJob.Text;
import io.github.t6j.schedule.turns.FairQueue;
import io.github.t6j.session.HiddenStates;
import io.github.t6j.weights.MemoryBudget;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.LongPredicate;
import java.util.function.Predicate;

/**
 * Reader of texts to embed, for the scheduler's thread. A pass takes texts of all clients fairly, and of the jobs of a
 * client alternately, so that a short job does not wait for all texts of a long one.
 */
final class EmbeddingReader {
    private final Transformer transformer;
    private final MemoryBudget budget;
    private final LongPredicate room;
    private final Runnable check;
    private final Set<EmbeddingJob> jobs = new LinkedHashSet<>(); // without a result
    private final FairQueue<EmbeddingJob> turns = new FairQueue<>(); // jobs with texts that were not taken
    private final Map<Integer, Text> reading = new HashMap<>(); //   unfinished texts by their numbers in states
    private final Deque<Text> alone = new ArrayDeque<>(); //         texts of a failed pass, to be read one by one
    private HiddenStates states; // null while no text is read
    private int layer; // of states
    private int numbers; // of the texts so far

    /**
     * @param budget budget that the caches of the texts are counted in
     * @param room returns true if caches may take that many bytes more
     * @param check throws an exception if no text can be read
     */
    EmbeddingReader(Transformer transformer, MemoryBudget budget, LongPredicate room, Runnable check) {
        this.transformer = transformer;
        this.budget = budget;
        this.room = room;
        this.check = check;
    }

    boolean isEmpty() {
        return jobs.isEmpty();
    }

    /** Returns the jobs without a result. */
    List<EmbeddingJob> jobs() {
        return List.copyOf(jobs);
    }

    /** Returns true if no text is being read, so that no text has a cache. */
    boolean isIdle() {
        return reading.isEmpty();
    }

    /** Returns the maximum number of bytes that the caches of the texts being read may still allocate. */
    long growthBytes() {
        return states == null ? 0 : states.growthBytes();
    }

    /**
     * Returns true if {@link #read} would continue or begin texts, or end a job.
     *
     * @param mayBegin as for {@link #read}
     */
    boolean canRead(boolean mayBegin) {
        boolean waits = reading.isEmpty() && jobs.stream().noneMatch(EmbeddingJob::isInterrupted)
                && !(turns.isEmpty() && alone.isEmpty());
        return !jobs.isEmpty() && (!waits || mayBegin && hasRoom(alone.isEmpty()
                ? turns.peek().nextLength()
                : alone.getFirst().ids().length));
    }

    private boolean hasRoom(int ids) {
        return room.test(bytes(ids));
    }

    /** Returns the maximum number of bytes of the cache of a text of {@code ids} ids; for any thread. */
    long bytes(int ids) {
        return HiddenStates.bytes(transformer, ids);
    }

    void add(EmbeddingJob job) {
        jobs.add(job);
        await(job);
    }

    /** Lets a job wait for its next text to be taken, if it has one. */
    private void await(EmbeddingJob job) {
        if (job.hasMore()) {
            turns.add(job, job.client(), job.priority(), job.nextLength());
        }
    }

    /**
     * Reads parts of texts in one pass.
     *
     * @param mayBegin true if texts may be begun
     * @param pause called between the blocks of the pass; may add jobs, and run a step
     * @return actions that report the finished jobs
     */
    List<Runnable> read(boolean mayBegin, Runnable pause) {
        List<Runnable> ends = new ArrayList<>();
        leave(EmbeddingJob::isInterrupted, job -> job::reportInterruption, ends);
        try {
            take(mayBegin);
            if (!reading.isEmpty() && !states.pass(this::onStates, () -> isOver(pause))) {
                close();
            }
        } catch (RuntimeException | Error failure) {
            check.run();
            separate(failure, ends);
        }
        leave(EmbeddingJob::isRead, job -> job::report, ends);
        if (reading.isEmpty()) {
            close();
        }
        return ends;
    }

    private boolean isOver(Runnable pause) {
        pause.run();
        return jobs.stream().allMatch(EmbeddingJob::isInterrupted);
    }

    /**
     * Adds texts to the next pass while it and memory have room; after a failure, only one text is read at a time.
     *
     * @param mayBegin false for no texts
     */
    private void take(boolean mayBegin) {
        if (states != null) {
            states.beginPass();
        }
        while (mayBegin && alone.isEmpty() && !turns.isEmpty() && fits(turns.peek())) {
            EmbeddingJob job = turns.remove();
            Text text = job.take();
            await(job);
            add(text);
        }
        if (mayBegin && !alone.isEmpty() && reading.isEmpty() && hasRoom(alone.getFirst().ids().length)) {
            open(alone.getFirst().job().layer());
            add(alone.remove());
        }
    }

    private boolean fits(EmbeddingJob job) {
        if (reading.isEmpty()) {
            open(job.layer());
        }
        return job.layer() == layer && states.fits(job.nextLength()) && hasRoom(job.nextLength());
    }

    private void open(int newLayer) {
        if (states == null || layer != newLayer) {
            close();
            states = new HiddenStates(transformer, newLayer, budget);
            layer = newLayer;
        }
    }

    private void add(Text text) {
        reading.put(numbers, text);
        states.add(numbers++, text.ids());
    }

    private void onStates(int number, int first, int count, float[] found, int at) {
        if (reading.get(number).add(first, count, found, at)) {
            reading.remove(number);
        }
    }

    /** Reads the texts of a failed pass one by one, so that only the failing ones end their jobs. */
    private void separate(Throwable failure, List<Runnable> ends) {
        List<Text> failed = List.copyOf(reading.values());
        close();
        if (failed.size() > 1) {
            alone.addAll(failed);
        } else {
            EmbeddingJob ended = failed.isEmpty() ? jobs.iterator().next() : failed.getFirst().job();
            leave(job -> job == ended, job -> () -> job.fail(failure), ends);
        }
    }

    /** Removes jobs, with all their texts. */
    private void leave(Predicate<EmbeddingJob> leaves, Function<EmbeddingJob, Runnable> end, List<Runnable> ends) {
        List<EmbeddingJob> left = jobs.stream().filter(leaves).toList();
        if (!left.isEmpty()) {
            left.forEach(jobs::remove);
            turns.removeAll(left);
            alone.removeIf(text -> left.contains(text.job()));
            if (states != null) {
                states.removeIf(number -> left.contains(reading.get(number).job()));
            }
            reading.values().removeIf(text -> left.contains(text.job()));
            left.forEach(job -> ends.add(end.apply(job)));
        }
    }

    /** Cancels all jobs. */
    void cancel() {
        jobs.forEach(EmbeddingJob::cancel);
    }

    /** Ends all jobs because of {@code cause}. */
    void fail(RuntimeException cause) {
        jobs.forEach(job -> job.fail(cause));
    }

    /** Frees the caches of the texts that are read. */
    void close() {
        reading.clear();
        if (states != null) {
            states.close();
            states = null;
        }
    }
}
