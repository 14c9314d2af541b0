package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.weights.NativeMemory;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;

/** Tests {@link Model#warmUp}: it compiles the code, changes no results, and can be ended. */
@Isolated
@Timeout(120)
class WarmUpTest {
    private static final Duration LONG = Duration.ofHours(1);
    private static final GenerationOptions GREEDY = GenerationOptions.defaults().withMaxTokens(40)
            .withSampling(SamplingOptions.defaults().withTemperature(0));

    private final ExecutorService beside = Executors.newSingleThreadExecutor();

    @AfterEach
    void end() {
        beside.shutdownNow();
    }

    private static String greedy(Model model) {
        try (Session session = model.newSession()) {
            return session.generate("The whale", GREEDY).text();
        }
    }

    @Test
    void endsWhenAllCodeIsCompiledAndDoesNotChangeTheText() {
        String cold;
        try (Model model = Model.load(TestData.tiny())) {
            cold = greedy(model);
        }
        try (Model model = Model.load(TestData.tiny())) {
            assertThat(model.warmUp(LONG)).isTrue();
            assertThat(greedy(model)).isEqualTo(cold);
        }
    }

    @Test
    void aConcurrentGenerationGivesTheSameText() throws Exception {
        try (Model model = Model.load(TestData.tiny())) {
            String alone = greedy(model);
            Future<Boolean> warm = beside.submit(() -> model.warmUp(LONG));
            do {
                assertThat(greedy(model)).isEqualTo(alone);
            } while (!warm.isDone());
            assertThat(warm.get()).isTrue();
        }
    }

    @Test
    void endsAfterTheTimeBudget() {
        try (Model model = Model.load(TestData.tiny())) {
            assertThat(model.warmUp(Duration.ZERO)).isFalse();
            assertThat(model.warmUp(Duration.ofSeconds(-1))).isFalse();
            assertThat(greedy(model)).isNotEmpty();
        }
    }

    @Test
    void anInterruptEndsItAndStaysSet() {
        try (Model model = Model.load(TestData.tiny())) {
            Thread.currentThread().interrupt();
            assertThat(model.warmUp(LONG)).isFalse();
            assertThat(Thread.interrupted()).isTrue();
            assertThat(greedy(model)).isNotEmpty();
        }
    }

    /** Closing at any time ends the warm-up without an exception and frees all memory. */
    @Test
    void closingTheModelEndsIt() throws Exception {
        long before = NativeMemory.allocatedBytes();
        for (int millis = 0; millis < 30; millis += 3) {
            Model model = Model.load(TestData.tiny());
            long loaded = NativeMemory.allocatedBytes();
            Future<Boolean> warm = beside.submit(() -> model.warmUp(LONG));
            while (NativeMemory.allocatedBytes() == loaded && !warm.isDone()) {
                Thread.onSpinWait(); // until the warm-up has begun
            }
            Thread.sleep(millis);
            model.close();
            warm.get(10, TimeUnit.SECONDS);
            assertThatThrownBy(() -> model.warmUp(LONG)).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("the model is closed");
        }
        assertThat(NativeMemory.allocatedBytes()).isEqualTo(before);
    }
}
