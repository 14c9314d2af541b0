package io.github.t6j.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.Generation;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import io.github.t6j.Prompt;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.TestData;
import io.github.t6j.sampling.Sampler;
import io.github.t6j.sampling.SamplingOptions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tests requests that cross 150 tokens, where longrope begins to rotate all positions by other frequencies. */
@Timeout(120)
class LongRequestsTest {
    private static final long SEED = 150;

    private static GenerationOptions greedy(int count) {
        return GenerationOptions.defaults().withMaxTokens(count).withIgnoreEndOfText(true)
                .withSampling(SamplingOptions.greedy());
    }

    /** Prompts and continuations on both sides of the length, which share beginnings. */
    @Tag("full")
    @Test
    void requestsOfASchedulerCrossTheLength() {
        try (Model model = Model.load(
                TestData.path("golden_more/phi3-longrope"), ModelOptions.defaults().withThreads(2))) {
            requestsCrossTheLength(model);
        }
    }

    private static void requestsCrossTheLength(Model model) {
        Random random = new Random(SEED);
        int vocabulary = model.info().sizes().vocabulary();
        int[] common = random.ints(400, 0, vocabulary).toArray();
        SchedulerOptions options = SchedulerOptions.defaults().withMaxRunning(4).withMaxQueued(50)
                .withSession(SessionOptions.defaults().withContextLength(450)).withCacheBytes(1L << 30);
        try (Scheduler scheduler = new Scheduler(model, options)) {
            List<int[]> prompts = new ArrayList<>();
            List<GenerationHandle> handles = new ArrayList<>();
            for (int i = 0; i < 24; i++) {
                int[] ids = Arrays.copyOf(common, 1 + random.nextInt(i % 3 == 0 ? 400 : 155));
                ids[ids.length - 1] = random.nextInt(vocabulary);
                prompts.add(ids);
                handles.add(scheduler.submit(Prompt.of(ids), greedy(20)));
            }
            for (int i = 0; i < prompts.size(); i++) {
                Generation found = handles.get(i).result().join();
                try (Session alone = model.newSession(options.session())) {
                    assertThat(found.tokens()).as("seed %s, prompt %s of %s ids", SEED, i, prompts.get(i).length)
                            .isEqualTo(alone.generate(Prompt.of(prompts.get(i)), greedy(20)).tokens());
                }
            }
            int[] beginning = Arrays.copyOf(common, 140);
            List<int[]> continuations = List.of(Arrays.copyOf(common, 5), Arrays.copyOf(common, 30));
            List<float[]> scores = scheduler.score(Prompt.of(beginning), continuations).join();
            for (int c = 0; c < 2; c++) {
                int[] continuation = continuations.get(c);
                try (Session alone = model.newSession()) {
                    alone.prefill(beginning);
                    float[] expected = new float[continuation.length];
                    expected[0] = Sampler.logProbability(alone.logits(), continuation[0]);
                    alone.prefill(Arrays.copyOf(continuation, continuation.length - 1), (position, logits) -> {
                        int next = position - beginning.length + 1;
                        expected[next] = Sampler.logProbability(logits, continuation[next]);
                    });
                    assertThat(scores.get(c)).isEqualTo(expected);
                }
            }
        }
    }
}
