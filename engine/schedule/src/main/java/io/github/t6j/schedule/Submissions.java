package io.github.t6j.schedule;

import io.github.t6j.CallOptions;
import io.github.t6j.Embedder;
import io.github.t6j.EmbeddingOptions;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.Prompt;
import io.github.t6j.TokenListener;
import io.github.t6j.model.Transformer;
import io.github.t6j.sampling.Sampler;
import io.github.t6j.schedule.ScoringJob.Scoring;
import io.github.t6j.session.Expiry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntToLongFunction;

/** Checks submissions against the model and the context length, and creates their jobs; for any thread. */
final class Submissions {
    /** Tokens of a page, by which caches grow. */
    private static final int PAGE = 64;

    private final Model model;
    private final Transformer transformer;
    private final SchedulerOptions limits; // with the context length that applies
    private final long stateBytes; // of a session, for any number of ids
    private final IntToLongFunction fullBytes; // of the cache of that many ids
    private final Runnable wake;
    private final Set<Thread> listening = ConcurrentHashMap.newKeySet(); // threads that now call a listener

    /** @param wake makes the scheduler notice a cancellation */
    Submissions(Model model, SchedulerOptions limits, Batcher batcher, Runnable wake) {
        this.model = model;
        this.limits = limits;
        this.wake = wake;
        transformer = batcher.transformer();
        stateBytes = batcher.stateBytes();
        fullBytes = batcher::fullBytes;
    }

    /**
     * Returns a job of one generation for each listener.
     *
     * @throws IllegalArgumentException as {@link Scheduler#submit(Prompt, GenerationOptions, TokenListener)} does
     */
    GenerationJob generations(Prompt prompt, GenerationOptions options, List<TokenListener> listeners) {
        int[] ids = prompt.ids(model);
        check(ids, options);
        GenerationOptions seeded = withSeed(
                options.speculation() == null ? options.withSpeculation(limits.speculation().orElse(null)) : options,
                listeners.size());
        List<GenerationHandle> handles = new ArrayList<>();
        for (TokenListener listener : listeners) {
            handles.add(new GenerationHandle(ids, seeded.sampling().seed() + handles.size(), listener,
                    interruption(seeded.call()), listening));
        }
        int newIds = Math.min(seeded.maxTokens(), contextLength() - ids.length);
        int length = ids.length + newIds;
        long otherBytes = bytes(crosses(ids.length, length) ? length : newIds + PAGE);
        return new GenerationJob(ids, handles, seeded, bytes(length), otherBytes, length);
    }

    /** Returns options with a seed below 2⁵³, so that a client that reads numbers as doubles can send it back. */
    private static GenerationOptions withSeed(GenerationOptions options, int samples) {
        if (options.sampling().seed() != null) {
            return options;
        }
        long seed = options.sampling().temperature() == 0 ? 0 : new SplittableRandom().nextLong((1L << 53) - samples);
        return options.withSampling(options.sampling().withSeed(seed));
    }

    /** @throws IllegalArgumentException as {@link Scheduler#score(Prompt, List)} does */
    ScoringJob scoring(Prompt prompt, List<int[]> continuations) {
        Scoring scoring = new Scoring(prompt.ids(model), continuations);
        int ids = scoring.prompt().length + scoring.longest() - 1; // the last id is not fed
        if (ids > contextLength()) {
            throw new IllegalArgumentException("prompt and continuation: expected at most " + contextLength()
                    + " tokens, the context, and one more, found " + (ids + 1));
        }
        checkIds("prompt", scoring.prompt());
        scoring.continuations().forEach(continuation -> checkIds("continuations", continuation));
        long fork = bytes(crosses(scoring.prompt().length, ids) ? ids : PAGE);
        return new ScoringJob(scoring, new Result<>(interruption(CallOptions.defaults()), listening), bytes(ids), fork,
                ids);
    }

    /** @throws IllegalArgumentException as {@link Scheduler#embed} does */
    EmbeddingJob embedding(List<Prompt> prompts, EmbeddingOptions options) {
        Embedder embedder = new Embedder(model, options);
        return new EmbeddingJob(model, embedder, prompts,
                new Result<>(interruption(options.call()), listening));
    }

    /** Returns the interruption by {@code options}, or by the timeout of the limits if it is shorter. */
    private Interruption interruption(CallOptions options) {
        Duration max = limits.timeout().orElse(null);
        boolean isLonger = max != null && (options.timeout() == null || options.timeout().compareTo(max) > 0);
        return new Interruption(Expiry.of(isLonger ? options.withTimeout(max) : options), wake);
    }

    private void check(int[] prompt, GenerationOptions options) {
        if (prompt.length == 0) {
            throw new IllegalArgumentException("prompt: expected at least one id, found none");
        }
        if (prompt.length > contextLength()) {
            throw new IllegalArgumentException("prompt: expected at most " + contextLength()
                    + " tokens, the context, found " + prompt.length);
        }
        // Refuses a bias for an id that does not exist.
        new Sampler(options.sampling(), model.info().sizes().vocabulary(), model.sampleableIds());
        if (!model.hasTokenizer() && !options.stop().isEmpty()) {
            throw new IllegalArgumentException("stop: expected none, since the model has no tokenizer");
        }
        if (options.grammar() != null) {
            model.tokenGrammar(options.grammar()); // prepared here, so that it delays no other generation
        }
        checkIds("prompt", prompt);
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

    private int contextLength() {
        return limits.session().contextLength();
    }

    /** Returns true if longrope computes the prompt's keys again for the whole text, so that forks share no pages. */
    private boolean crosses(int promptLength, int length) {
        return !transformer.sharesKeys(promptLength, length);
    }

    /** Returns the bytes of a session's cache. */
    private long bytes(int ids) {
        return Math.max(stateBytes, fullBytes.applyAsLong(Math.ceilDiv(ids, PAGE) * PAGE));
    }
}
