package io.github.t6j;

import io.github.t6j.sampling.SamplingOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Generator of several continuations of a session: forks that advance together until each has ended. */
final class SampleGenerator {
    private final Session session;
    private final Model model;
    private final int[] promptIds;
    private final GenerationOptions options;
    private final SampleListener listener;

    /** @throws IllegalArgumentException if the options are wrong */
    SampleGenerator(Session session, int[] promptIds, GenerationOptions options, SampleListener listener) {
        this.session = session;
        model = session.model();
        this.promptIds = Objects.requireNonNull(promptIds, "promptIds");
        this.options = Objects.requireNonNull(options, "options");
        this.listener = Objects.requireNonNull(listener, "listener");
        generator(session, options);
    }

    private Generator generator(Session own, GenerationOptions ownOptions) {
        return new Generator(own, model.tokenizerOrNull(), promptIds, ownOptions);
    }

    /** Generates {@code samples} continuations; must run within a call of the session. */
    List<Generation> run(int samples) {
        if (samples < 1) {
            throw new IllegalArgumentException("samples: expected 1 or more, found " + samples);
        }
        long start = System.nanoTime();
        if (!session.state().feedPrompt(promptIds, session::isCancelled)) {
            throw session.cancelled("prompt");
        }
        try {
            return run(samples, System.nanoTime() - start);
        } catch (IllegalStateException closed) {
            if (session.isCancelled()) { // the model was closed, and the forks with it
                throw session.cancelled("generateSamples");
            }
            throw closed;
        }
    }

    private List<Generation> run(int samples, long prefillNanos) {
        long start = System.nanoTime();
        List<Generator> all = new ArrayList<>();
        try {
            add(options, all);
            SamplingOptions sampling = options.sampling();
            for (int i = 1; i < samples; i++) {
                add(options.withSampling(sampling.withSeed(all.getFirst().seed() + i)), all);
            }
            advance(all);
            long nanos = System.nanoTime() - start;
            for (int sample = 0; sample < samples; sample++) {
                end(sample, all.get(sample), FinishReason.CANCELLED);
            }
            return all.stream().map(one -> one.result(prefillNanos, nanos)).toList();
        } finally {
            all.forEach(one -> one.session().close());
        }
    }

    private void add(GenerationOptions own, List<Generator> all) {
        all.add(generator(session.fork(), own));
    }

    private void advance(List<Generator> all) {
        while (!session.isCancelled()) {
            List<Session> sessions = new ArrayList<>();
            List<Integer> ids = new ArrayList<>();
            for (int sample = 0; sample < all.size(); sample++) {
                Token token = next(sample, all.get(sample));
                if (token != null) {
                    sessions.add(all.get(sample).session());
                    ids.add(token.id());
                }
            }
            if (sessions.isEmpty()) {
                return;
            }
            SessionBatch.decode(model, sessions, ids.stream().mapToInt(Integer::intValue).toArray());
        }
    }

    /** Returns a sample's next token after reporting it to the listener, or null if the sample has ended. */
    private Token next(int sample, Generator one) {
        Token token = one.next();
        if (token == null) {
            end(sample, one, one.finishReason());
        } else if (!listener.onToken(sample, token)) {
            end(sample, one, FinishReason.STOPPED_BY_LISTENER);
        }
        return token;
    }

    /** Ends a sample, unless it has ended, and reports its tail, unless that was reported. */
    private void end(int sample, Generator one, FinishReason why) {
        one.end(why);
        Token tail = one.tail();
        if (tail != null) {
            listener.onToken(sample, tail);
        }
    }
}
