package io.github.t6j.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.FinishReason;
import io.github.t6j.Generation;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.Session;
import io.github.t6j.TestData;
import io.github.t6j.grammar.Grammar;
import io.github.t6j.sampling.Constraint;
import io.github.t6j.sampling.ConstraintMatcher;
import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.sampling.TokenConstraint;
import io.github.t6j.tokenizer.Tokenizer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Tests requests under grammars. */
class ConstrainedRequestsTest {
    private static final String PERSON = """
            {"type": "object", "properties": {"name": {"type": "string", "maxLength": 20},
              "age": {"type": "integer", "minimum": 0, "maximum": 120}}, "required": ["name", "age"]}""";

    private static GenerationOptions options(Grammar grammar, long seed) {
        return GenerationOptions.defaults().withMaxTokens(200).withGrammar(grammar)
                .withSampling(SamplingOptions.defaults().withSeed(seed));
    }

    @Test
    void aSchedulerGivesTheTextOfASessionAlone() throws Exception {
        Grammar grammar = Grammar.jsonSchema(PERSON);
        try (Model model = Model.load(TestData.tiny()); Scheduler scheduler = new Scheduler(model)) {
            List<GenerationHandle> handles = new ArrayList<>();
            for (int seed = 0; seed < 12; seed++) {
                handles.add(scheduler.submit("Answer:", options(seed % 3 == 0 ? null : grammar, seed)));
            }
            for (int seed = 0; seed < 12; seed++) {
                try (Session session = model.newSession()) {
                    Generation alone = session.generate("Answer:", options(seed % 3 == 0 ? null : grammar, seed));
                    assertThat(handles.get(seed).result().get().text()).as("seed " + seed).isEqualTo(alone.text());
                }
            }
        }
    }

    /** A grammar whose masks take long. */
    private record Slow(Grammar grammar, Duration time) implements Constraint {
        @Override
        public TokenConstraint prepare(Tokenizer tokenizer, int ids, Set<Integer> endIds) {
            TokenConstraint prepared = grammar.prepare(tokenizer, ids, endIds);
            return () -> new SlowMatcher(prepared.newMatcher(), time);
        }
    }

    private record SlowMatcher(ConstraintMatcher matcher, Duration time) implements ConstraintMatcher {
        @Override
        public boolean allows(int id) {
            return matcher.allows(id);
        }

        @Override
        public void mask(float[] logits) {
            try {
                Thread.sleep(time);
            } catch (InterruptedException e) {
                throw new IllegalStateException("expected no interrupt", e);
            }
            matcher.mask(logits);
        }

        @Override
        public void accept(int id) {
            matcher.accept(id);
        }

        @Override
        public boolean mayEnd() {
            return matcher.mayEnd();
        }

        @Override
        public boolean isComplete() {
            return matcher.isComplete();
        }

        @Override
        public ConstraintMatcher copy() {
            return new SlowMatcher(matcher.copy(), time);
        }
    }

    private static GenerationOptions slow(Duration time) {
        return GenerationOptions.defaults().withMaxTokens(6).withGrammar(new Slow(Grammar.jsonSchema(PERSON), time))
                .withSampling(SamplingOptions.defaults().withSeed(5));
    }

    @Test
    void slowMasksDelayNoOtherGeneration() throws Exception {
        Duration mask = Duration.ofMillis(400);
        try (Model model = Model.load(TestData.tiny()); Scheduler scheduler = new Scheduler(model)) {
            GenerationHandle constrained = scheduler.submit("Answer:", slow(mask));
            long[] last = {0};
            long[] longest = {0};
            Generation free = scheduler.submit("Call me", GenerationOptions.defaults().withMaxTokens(200)
                    .withIgnoreEndOfText(true), token -> {
                        longest[0] = last[0] == 0 ? 0 : Math.max(longest[0], System.nanoTime() - last[0]);
                        last[0] = System.nanoTime();
                        return true;
                    }).result().get();
            assertThat(free.tokens()).hasSize(200);
            assertThat(Duration.ofNanos(longest[0])).isLessThan(mask.dividedBy(2));
            try (Session session = model.newSession()) {
                assertThat(constrained.result().get().text())
                        .isEqualTo(session.generate("Answer:", slow(Duration.ZERO)).text());
            }
        }
    }

    @Test
    void aSchedulerClosesWhileAMaskIsComputed() throws Exception {
        try (Model model = Model.load(TestData.tiny())) {
            Scheduler scheduler = new Scheduler(model);
            GenerationHandle constrained = scheduler.submit("Answer:", slow(Duration.ofMillis(300)));
            while (scheduler.metrics().running() == 0) {
                Thread.sleep(5);
            }
            scheduler.close();
            assertThat(constrained.result().get().finishReason()).isEqualTo(FinishReason.CANCELLED);
        }
    }
}
