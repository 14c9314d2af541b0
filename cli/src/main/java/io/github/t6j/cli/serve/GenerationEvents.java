package io.github.t6j.cli.serve;

import io.github.t6j.Generation;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Prompt;
import io.github.t6j.Token;
import io.github.t6j.schedule.GenerationHandle;
import io.github.t6j.schedule.Scheduler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Generations that one answer waits for, and their events in order of time. */
final class GenerationEvents {
    /** Event of a generation; {@code index} counts the generations in the order of submission. */
    sealed interface Event {
        int index();
    }

    /** A token was chosen. */
    record Chosen(int index, Token token) implements Event {}

    /** A generation ended; its last event. */
    record Ended(int index, Generation generation) implements Event {}

    /** A generation failed; its last event. */
    record Failed(int index, Throwable cause) implements Event {}

    private final TimeLimit limit;
    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>(); // bounded by the requested tokens
    private final List<GenerationHandle> handles = new ArrayList<>();

    /** @param limit limits that the request carries */
    GenerationEvents(TimeLimit limit) {
        this.limit = limit;
    }

    /** Returns the limits that the request carries. */
    TimeLimit limit() {
        return limit;
    }

    /**
     * Submits {@code copies} continuations of {@code prompt}.
     *
     * @throws io.github.t6j.schedule.RefusedException if the scheduler refuses them
     * @throws IllegalArgumentException if they do not fit the model
     */
    void submit(Scheduler scheduler, Prompt prompt, int copies, GenerationOptions options) {
        int first = handles.size();
        long[] begun = new long[copies]; // times of the first tokens, or 0
        List<GenerationHandle> added =
                scheduler.submitSamples(prompt, copies, options, (sample, token) -> {
                    if (!token.isTail()) { // the whole text has it
                        events.add(new Chosen(first + sample, token));
                    }
                    return isInTime(begun, sample);
                });
        for (GenerationHandle handle : added) {
            int index = handles.size();
            handles.add(handle);
            handle.result().whenComplete((generation, failure) -> events.add(
                    failure == null ? new Ended(index, generation) : new Failed(index, failure)));
        }
    }

    private boolean isInTime(long[] begun, int sample) {
        long now = System.nanoTime();
        if (begun[sample] == 0) {
            begun[sample] = now;
        }
        return limit.generation() == null || now - begun[sample] < limit.generation().toNanos();
    }

    /** Returns the number of generations. */
    int size() {
        return handles.size();
    }

    /** Returns the number of prompt ids that were found in caches. */
    int cachedTokens() {
        return handles.stream().mapToInt(GenerationHandle::cachedTokens).sum();
    }

    /** Returns the next event, or null after {@code patience} without one. */
    Event next(Duration patience) throws InterruptedException {
        return events.poll(patience.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** Ends all generations before the next pass. */
    void cancel() {
        handles.forEach(GenerationHandle::cancel);
    }
}
