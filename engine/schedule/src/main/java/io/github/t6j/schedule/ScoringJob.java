package io.github.t6j.schedule;

import io.github.t6j.FinishReason;
import io.github.t6j.LogitsListener;
import io.github.t6j.Session;
import io.github.t6j.model.LengthRule;
import io.github.t6j.sampling.Sampler;
import io.github.t6j.session.SessionCore;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;

/**
 * Scoring of continuations: reads the prompt once, then the continuations one after the other, each in a fork. A fork
 * that outgrows the prompt's keys (longrope) reads the prompt again, in the same parts.
 */
final class ScoringJob extends Job {
    /**
     * Request for the likelihoods of texts.
     *
     * @param prompt ids before each text; may be empty, in which case nothing predicts the first id of a text
     * @param continuations ids of at least one text: at least one id each, or two without a prompt
     */
    record Scoring(int[] prompt, List<int[]> continuations) {
        /** @throws IllegalArgumentException if there is no text, or one has no predicted id */
        Scoring {
            continuations = continuations.stream().map(int[]::clone).toList(); // the caller may change its arrays
            int min = prompt.length == 0 ? 2 : 1;
            if (continuations.isEmpty() || continuations.stream().anyMatch(ids -> ids.length < min)) {
                throw new IllegalArgumentException(
                        "continuations: expected one or more, each of at least " + min + " ids");
            }
        }

        /** Returns the number of ids of the longest continuation. */
        int longest() {
            return continuations.stream().mapToInt(ids -> ids.length).max().orElseThrow();
        }
    }

    private final Scoring scoring;
    private final long forkBytes;
    private final Result<List<float[]>> result;
    private final List<float[]> found = new ArrayList<>();
    private Session fork; // for the current continuation
    private float[] logProbabilities; // of the predicted ids of the continuation
    private int known; // number of known log-probabilities

    /**
     * @param bytes largest size of the cache of the prompt and a continuation
     * @param forkBytes largest size of the page that a fork copies
     * @param length maximum number of ids of the prompt and a continuation
     */
    ScoringJob(Scoring scoring, Result<List<float[]>> result, long bytes, long forkBytes, int length) {
        super(scoring.prompt(), 1, bytes + forkBytes, length);
        this.scoring = scoring;
        this.forkBytes = forkBytes;
        this.result = result;
    }

    Result<List<float[]>> result() {
        return result;
    }

    @Override
    void begin(Session newSession) {
        super.begin(newSession);
        if (isRead()) { // the prompt is empty
            next();
        }
    }

    @Override
    long growthBytes() {
        return SessionCore.of(session()).state().growthBytes(length()) + (fork == null ? forkBytes : 0);
    }

    /** Returns true if the prompt is read. */
    boolean readsContinuations() {
        return fork != null;
    }

    @Override
    Session session() {
        return fork == null ? super.session() : fork;
    }

    /** Returns the next ids; the last id of a continuation is not fed, since no logits are needed after it. */
    @Override
    int[] part(int maxPassRows) {
        if (fork == null) {
            return super.part(maxPassRows);
        }
        int begun = fork.position() - prompt().length;
        return begun < 0
                ? part(prompt(), fork.position(), prompt().length, maxPassRows)
                : part(continuation(), begun, continuation().length - 1, maxPassRows);
    }

    @Override
    int left() {
        return fork == null
                ? super.left()
                : prompt().length + continuation().length - 1 - fork.position();
    }

    @Override
    LogitsListener listener() {
        return fork == null || fork.position() < prompt().length ? null : (_, logits) -> {
            try {
                add(logits);
            } catch (RuntimeException wrong) { // ends this scoring, not the pass that it shares
                fail(wrong);
            }
        };
    }

    private int[] continuation() {
        return scoring.continuations().get(found.size());
    }

    private int unpredicted() {
        return prompt().length == 0 ? 1 : 0;
    }

    private void add(float[] logits) {
        logProbabilities[known] = Sampler.logProbability(logits, continuation()[unpredicted() + known]);
        known++;
    }

    /** Goes on to the next continuation if the current one has ended; returns false if none is left. */
    boolean next() {
        if (fork != null) {
            if (known < logProbabilities.length) {
                return true;
            }
            fork.close();
            fork = null;
            found.add(logProbabilities);
        }
        while (found.size() < scoring.continuations().size()) {
            logProbabilities = new float[continuation().length - unpredicted()];
            known = 0;
            if (unpredicted() == 0) {
                add(super.session().logits());
            }
            if (known < logProbabilities.length) {
                begin(prompt().length + continuation().length - 1);
                return true;
            }
            found.add(logProbabilities);
        }
        return false;
    }

    /** Begins a fork that will have {@code length} ids, empty if it outgrows its keys. */
    private void begin(int length) {
        fork = super.session().fork();
        LengthRule rule = SessionCore.of(fork).state().lengthRule();
        if (rule.outgrows(length)) {
            fork.truncate(0);
        }
        rule.expect(length);
    }

    /** Reports the result, after its cache is free. */
    void report() {
        result.end(List.copyOf(found));
    }

    @Override
    boolean isInterrupted() {
        return result.interruption().reason() != null;
    }

    @Override
    void reportInterruption() {
        boolean late = result.interruption().reason() == FinishReason.DEADLINE;
        result.fail(new CancellationException("scoring" + (late ? ": the deadline has passed" : " was cancelled")));
    }

    @Override
    void cancel() {
        result.interruption().cancel();
    }

    @Override
    void reportFailure(Throwable cause) {
        result.fail(cause);
    }

    @Override
    void close() {
        if (fork != null) {
            fork.close();
        }
        super.close();
    }
}
