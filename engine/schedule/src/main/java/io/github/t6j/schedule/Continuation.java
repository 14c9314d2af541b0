package io.github.t6j.schedule;

import io.github.t6j.FinishReason;
import io.github.t6j.Generation;
import io.github.t6j.Generator;
import io.github.t6j.Session;
import io.github.t6j.Token;
import io.github.t6j.decoding.Decoding;
import io.github.t6j.session.SessionCore;
import java.util.Arrays;
import java.util.List;

/** Continuation of a prompt that was read; it generates one id per step, or several with drafts. */
final class Continuation implements Decoding.Choices {
    private final Job job;
    private final GenerationHandle handle;
    private final Session session;
    private final Generator generator;
    private final List<Continuation> samples; // running samples of the same prompt, including this one
    private final int length;
    private final boolean constrained;
    private long bytes;
    private final Decoding decoding; // its next ids are those to feed
    private Token token; // the last one, or null at the end
    private int[] recomputed; // all ids and the next one, if their keys are computed again; or null
    private int generated; // number of ids
    private boolean stopped; // by the listener
    private boolean over;
    private Throwable failure; // or null

    /**
     * @param samples running samples of the same prompt, to which this one is added
     * @param bytes largest size of its cache
     * @param length maximum number of ids of its session
     * @param constrained true if a constraint limits its ids
     */
    Continuation(
            Job job, GenerationHandle handle, Session session, Generator generator, List<Continuation> samples,
            long bytes, int length, boolean constrained) {
        this.job = job;
        this.length = length;
        this.constrained = constrained;
        this.samples = samples;
        samples.add(this);
        this.handle = handle;
        this.session = session;
        this.generator = generator;
        decoding = Decoding.of(generator);
        this.bytes = bytes;
    }

    /** Returns true if a constraint limits its ids. */
    boolean isConstrained() {
        return constrained;
    }

    GenerationHandle handle() {
        return handle;
    }

    Session session() {
        return session;
    }

    long bytes() {
        return bytes;
    }

    /** Returns the maximum number of bytes that its cache may still allocate. */
    long growthBytes() {
        return SessionCore.of(session).state().growthBytes(length);
    }

    /** Leaves the prompt's part of its cache to another sample, which still uses it. */
    void leave() {
        samples.remove(this);
        decoding.close();
        job.addGenerated(generated);
        if (samples.isEmpty()) {
            job.endRun();
        } else {
            Continuation next = samples.getFirst();
            next.bytes = Math.max(next.bytes, bytes);
        }
    }

    /** Returns the next ids to feed: the chosen one, or a part of all if their keys are computed again. */
    int[] part(int maxPassRows) {
        return recomputed == null
                ? decoding.ids()
                : Job.part(recomputed, session.position(), recomputed.length, maxPassRows);
    }

    /** Returns true if the keys of all ids are computed again before the next one, in several passes. */
    boolean recomputes() {
        return recomputed != null;
    }

    /** Ends the recomputation if it is complete, so that the next id can be chosen; returns true if so. */
    boolean endRecomputation() {
        if (over || session.position() < recomputed.length) {
            return false;
        }
        recomputed = null;
        return true;
    }

    /** Ends the continuation if it is interrupted; {@link #advance} checks this, too, but not during a recomputation. */
    void endIfInterrupted() {
        over |= handle.interruption() != null;
    }

    boolean isOver() {
        return over;
    }

    /** Chooses ids and reports them until one must be fed, or ends. Returns the number of ids. */
    int advance() {
        int before = generated;
        try {
            decoding.advance(this);
            if (!over && SessionCore.of(session).state().lengthRule().outgrows(session.position() + 1)) {
                beginRecomputation();
            }
        } catch (RuntimeException | Error broken) { // logits that are NaN or infinite, or the listener
            fail(broken);
        }
        return generated - before;
    }

    /** Sets the number of continuations that share the rows of its next pass, this one included. */
    void share(int continuations) {
        decoding.share(continuations);
    }

    /** Measures a pass of this continuation alone that began at {@code start}, unless it failed. */
    void measure(long start) {
        if (!over) {
            decoding.measure(start);
        }
    }

    @Override
    public int choose() {
        token = over || handle.interruption() != null ? null : generator.next();
        over = token == null;
        return over ? -1 : token.id();
    }

    @Override
    public boolean report() {
        generated++;
        stopped = !handle.add(token);
        over = stopped || generator.finishReason().isPresent();
        return !over;
    }

    /** Empties the session, since longrope rotates the keys of a longer text by other frequencies. */
    private void beginRecomputation() {
        int[] ids = session.ids();
        recomputed = Arrays.copyOf(ids, ids.length + 1);
        recomputed[ids.length] = decoding.ids()[0];
        session.truncate(0);
        SessionCore.of(session).state().lengthRule().expect(recomputed.length);
    }

    void fail(Throwable cause) {
        over = true;
        failure = cause;
    }

    /** Reports the end after its cache is free, since the client may send the next request at once. */
    void reportEnd() {
        if (failure != null) {
            handle.fail(failure);
        } else {
            Generation generation;
            try {
                generation = generation();
            } catch (RuntimeException | Error broken) {
                handle.fail(broken);
                return;
            }
            handle.end(generation);
        }
    }

    private Generation generation() {
        FinishReason reason = stopped ? FinishReason.STOPPED_BY_LISTENER : handle.interruption();
        Generation found = generator.result();
        boolean endedItself = reason == null || found.finishReason() != FinishReason.CANCELLED;
        return endedItself
                ? found
                : new Generation(
                        found.text(), found.tokens(), reason, found.promptTokens(), found.seed(), found.prefillTime(),
                        found.decodeTime(), found.drafts());
    }
}
