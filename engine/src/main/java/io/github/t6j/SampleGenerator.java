package io.github.t6j;

import io.github.t6j.sampling.SamplingOptions;
import java.util.ArrayList;
import java.util.List;

/** Several continuations of what a session holds: forks of it, which advance together until each has its reason to end. */
final class SampleGenerator {
    private final Session session;
    private final Model model;
    private final int[] promptIds;
    private final GenerationOptions options;

    SampleGenerator(Session session, Model model, int[] promptIds, GenerationOptions options) {
        this.session = session;
        this.model = model;
        this.promptIds = promptIds;
        this.options = options;
        generator(session, options);
    }

    private Generator generator(Session own, GenerationOptions ownOptions) {
        return new Generator(own, model.requiredTokenizer(), promptIds, ownOptions);
    }

    List<Generation> run(int samples, long prefillNanos) {
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
            all.forEach(one -> one.end(FinishReason.CANCELLED));
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
            for (Generator one : all) {
                Token token = one.next();
                if (token != null) {
                    sessions.add(one.session());
                    ids.add(token.id());
                }
            }
            if (sessions.isEmpty()) {
                return;
            }
            SessionBatch.decode(model, sessions, ids.stream().mapToInt(Integer::intValue).toArray());
        }
    }
}
