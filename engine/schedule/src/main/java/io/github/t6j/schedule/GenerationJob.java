package io.github.t6j.schedule;

import io.github.t6j.CallOptions;
import io.github.t6j.FinishReason;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Prompt;
import io.github.t6j.Session;
import io.github.t6j.session.SessionCore;
import java.util.ArrayList;
import java.util.List;

/** Samples of one prompt while the prompt is read. */
final class GenerationJob extends Job {
    private final List<GenerationHandle> handles;
    private final GenerationOptions options; // options with a seed
    private final long firstBytes;
    private final long otherBytes;

    /**
     * @param handles one for each sample
     * @param options options with the seed of the first sample
     * @param firstBytes largest size of the cache of the prompt and one continuation
     * @param otherBytes largest size of the cache of each further continuation
     * @param length maximum number of ids of the prompt and a continuation
     */
    GenerationJob(
            int[] prompt, List<GenerationHandle> handles, GenerationOptions options, long firstBytes, long otherBytes,
            int length) {
        super(prompt, handles.size(), firstBytes + (handles.size() - 1) * otherBytes, length);
        this.handles = handles;
        this.options = options;
        this.firstBytes = firstBytes;
        this.otherBytes = otherBytes;
    }

    /** Returns one handle for each sample. */
    List<GenerationHandle> handles() {
        return handles;
    }

    @Override
    void begin(Session newSession) {
        super.begin(newSession);
        handles.getFirst().setCachedTokens(found());
    }

    @Override
    long growthBytes() {
        return SessionCore.of(session()).state().growthBytes(length()) + (copies() - 1) * otherBytes;
    }

    /** Returns its continuations, once the prompt is read. */
    List<Continuation> continuations() {
        List<Session> sessions = new ArrayList<>(List.of(session()));
        try {
            while (sessions.size() < copies()) {
                sessions.add(session().fork());
            }
            List<Continuation> samples = new ArrayList<>();
            for (int copy = 0; copy < copies(); copy++) {
                newContinuation(copy, sessions.get(copy), samples);
            }
            return List.copyOf(samples);
        } catch (RuntimeException | Error failure) {
            sessions.subList(1, sessions.size()).forEach(Session::close);
            throw failure;
        }
    }

    private void newContinuation(int copy, Session sampleSession, List<Continuation> samples) {
        var sampling = options.sampling().withSeed(options.sampling().seed() + copy);
        // the handle knows when to end, also before this point
        var generator = sampleSession.newGenerator(Prompt.of(prompt()), options.withSampling(sampling)
                .withCall(CallOptions.defaults()));
        new Continuation(this, handles.get(copy), sampleSession, generator, samples,
                copy == 0 ? firstBytes : otherBytes,
                length(), options.grammar() != null);
    }

    /** Returns true if no sample may go on. */
    @Override
    boolean isInterrupted() {
        return handles.stream().allMatch(handle -> handle.interruption() != null);
    }

    @Override
    void reportInterruption() {
        for (GenerationHandle handle : handles) {
            FinishReason reason = handle.interruption();
            handle.end(reason == null ? FinishReason.CANCELLED : reason);
        }
    }

    @Override
    void cancel() {
        handles.forEach(GenerationHandle::cancel);
    }

    @Override
    void reportFailure(Throwable cause) {
        handles.forEach(handle -> handle.fail(cause));
    }
}
