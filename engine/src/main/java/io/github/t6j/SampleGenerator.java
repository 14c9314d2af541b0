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

    private TextGenerator generator(Session own, GenerationOptions ownOptions) {
        return new TextGenerator(own, model.requiredTokenizer(), promptIds, ownOptions, token -> true);
    }

    List<Generation> run(int samples, long prefillNanos) {
        long start = System.nanoTime();
        List<TextGenerator> all = new ArrayList<>();
        try {
            add(options, all);
            SamplingOptions sampling = options.sampling();
            for (int i = 1; i < samples; i++) {
                add(options.withSampling(sampling.withSeed(all.getFirst().seed() + i)), all);
            }
            advance(new ArrayList<>(all));
            long nanos = System.nanoTime() - start;
            return all.stream().map(one -> one.result(reason(one), prefillNanos, nanos)).toList();
        } finally {
            all.forEach(one -> one.session().close());
        }
    }

    private void add(GenerationOptions own, List<TextGenerator> all) {
        all.add(generator(session.fork(), own));
    }

    private void advance(List<TextGenerator> running) {
        while (true) {
            running.removeIf(one -> !one.choose());
            if (running.isEmpty()) {
                return;
            }
            if (session.isCancelled()) {
                return;
            }
            SessionBatch.decode(
                    model, running.stream().map(TextGenerator::session).toList(),
                    running.stream().mapToInt(TextGenerator::lastId).toArray());
            running.removeIf(TextGenerator::hasEnded);
            if (session.isCancelled()) {
                return;
            }
        }
    }

    private static FinishReason reason(TextGenerator one) {
        return one.reason() == null ? FinishReason.CANCELLED : one.reason();
    }
}
