package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.flashtpa.FlashTpa;
import io.github.t6j.flashtpa.FlashTpaCache;
import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.weights.checkpoint.Checkpoint;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Deadlines, timeouts and cancellation in options end each kind of call. */
@Timeout(60)
class DeadlineTest {
    private static final GenerationOptions OPTIONS = GenerationOptions.defaults().withMaxTokens(40)
            .withIgnoreEndOfText(true).withSampling(SamplingOptions.defaults().withSeed(5));
    private static final GenerationOptions LATE =
            OPTIONS.withCall(CallOptions.defaults().withDeadline(Instant.now().minusMillis(1)));

    private final Model model = Model.load(TestData.tiny(), ModelOptions.defaults().withThreads(1));
    private final Session session = model.newSession();

    @AfterEach
    void close() {
        model.close();
    }

    @Test
    void aDeadlineThatHasPassedEndsTheCallBeforeItComputes() {
        for (GenerationOptions late : List.of(LATE, OPTIONS.withCall(CallOptions.defaults().withTimeout(Duration.ZERO)),
                LATE.withCall(LATE.call().withTimeout(Duration.ofDays(1))),
                OPTIONS.withCall(CallOptions.defaults().withDeadline(Instant.MIN)))) {
            Generation found = session.generate("The whale", late);
            assertThat(found.finishReason()).isEqualTo(FinishReason.DEADLINE);
            assertThat(found.tokens()).isEmpty();
            assertThat(session.position()).isZero();
        }
        assertThatThrownBy(() -> session.generateSamples(Prompt.of("The whale"), 3, LATE))
                .isInstanceOf(CancellationException.class);
        Generation all = session.generate(
                "The whale", OPTIONS.withCall(CallOptions.defaults().withDeadline(Instant.MAX)
                        .withTimeout(Duration.ofSeconds(Long.MAX_VALUE))));
        assertThat(all.finishReason()).isEqualTo(FinishReason.MAX_TOKENS);
    }

    @Test
    void aTimeoutKeepsTheTextSoFar() {
        Generation all = session.generate("The whale", OPTIONS);
        session.truncate(0);
        Generation partial = session.generate("The whale",
                OPTIONS.withCall(CallOptions.defaults().withTimeout(Duration.ofSeconds(1))), token -> {
                    LockSupport.parkNanos(200_000_000);
                    return true;
                });
        assertThat(partial.finishReason()).isEqualTo(FinishReason.DEADLINE);
        assertThat(partial.tokens().size()).isLessThan(40);
        assertThat(all.tokens()).startsWith(partial.tokens().toArray(Token[]::new));
        assertThat(all.text()).startsWith(partial.text());
    }

    /** The oracle is the number of tokens at which the caller's function says stop. */
    @Test
    void theCallersFunctionEndsEachKindOfCall() {
        List<Token> all = session.generate("The whale", OPTIONS).tokens();
        AtomicInteger tokens = new AtomicInteger();
        GenerationOptions options = OPTIONS.withCall(CallOptions.defaults().withCancellation(() -> tokens.get() >= 7));
        session.truncate(0);
        Generation found = session.generate("The whale", options, token -> tokens.incrementAndGet() > 0);
        assertThat(found.finishReason()).isEqualTo(FinishReason.CANCELLED);
        assertThat(found.tokens()).isEqualTo(all.subList(0, 7));

        session.truncate(0);
        tokens.set(0);
        List<Generation> finished = new ArrayList<>();
        try (Stream<Token> stream = session.stream("The whale", options, finished::add)) {
            assertThat(stream.peek(token -> tokens.incrementAndGet()).filter(token -> !token.isTail()).toList())
                    .isEqualTo(all.subList(0, 7));
        }
        assertThat(finished).containsExactly(found);

        session.truncate(0);
        tokens.set(0);
        List<Generation> samples = session.generateSamples(
                Prompt.of("The whale"), 2, options, (sample, token) -> tokens.addAndGet(sample) >= 0);
        assertThat(samples.getFirst().tokens()).isEqualTo(all.subList(0, 7));
        assertThat(samples).extracting(Generation::finishReason).containsOnly(FinishReason.CANCELLED);
    }

    @Test
    void aStreamTellsOnceWhyItEnded() {
        List<Generation> finished = new ArrayList<>();
        Generation all = session.generate("The whale", OPTIONS);
        session.truncate(0);
        try (Stream<Token> stream = session.stream("The whale", OPTIONS, finished::add)) {
            stream.forEach(token -> assertThat(finished).isEmpty());
            assertThat(finished).containsExactly(all);
        }
        assertThat(finished).containsExactly(all);
        finished.clear();
        session.truncate(0);
        try (Stream<Token> stream = session.stream("The whale", OPTIONS, finished::add)) {
            assertThat(stream.limit(3)).hasSize(3);
        }
        assertThat(finished).hasSize(1).first().satisfies(one -> {
            assertThat(one.finishReason()).isEqualTo(FinishReason.STOPPED_BY_LISTENER);
            assertThat(one.tokens()).isEqualTo(all.tokens().subList(0, 3));
        });
        finished.clear();
        session.truncate(0);
        try (Stream<Token> stream = session.stream("The whale", LATE, finished::add)) {
            assertThat(stream).isEmpty();
        }
        assertThat(finished).hasSize(1).first().extracting(Generation::finishReason)
                .isEqualTo(FinishReason.DEADLINE);
        finished.clear();
        session.cancel();
        try (Stream<Token> stream = session.stream("The whale", OPTIONS, finished::add)) {
            assertThatThrownBy(stream::toList).isInstanceOf(CancellationException.class);
        }
        assertThat(finished).hasSize(1).first().extracting(Generation::finishReason)
                .isEqualTo(FinishReason.CANCELLED);
    }

    @Test
    void theListenerReceivesTheResult() {
        List<Generation> finished = new ArrayList<>();
        Generation found = session.generate("The whale", OPTIONS, new TokenListener() {
            @Override
            public boolean onToken(Token token) {
                assertThat(finished).isEmpty();
                return true;
            }

            @Override
            public void onFinish(Generation generation) {
                finished.add(generation);
            }
        });
        assertThat(finished).containsExactly(found);
    }

    @Test
    void loadingEndsAtItsDeadlineOrCancellation() {
        ModelOptions late = ModelOptions.defaults().withCall(CallOptions.defaults().withTimeout(Duration.ZERO));
        assertThatThrownBy(() -> Model.load(TestData.tiny(), late)).isInstanceOf(CancellationException.class)
                .hasMessage("loading " + TestData.tiny() + ": the deadline has passed");
        AtomicInteger pieces = new AtomicInteger();
        ModelOptions cancelled = ModelOptions.defaults().withThreads(1)
                .withCall(CallOptions.defaults().withCancellation(() -> pieces.get() > 0))
                .withProgress((done, total) -> pieces.incrementAndGet());
        assertThatThrownBy(() -> Model.load(TestData.tiny(), cancelled))
                .isInstanceOf(CancellationException.class).hasMessage("loading " + TestData.tiny() + " was cancelled");
        assertThat(pieces.get()).isEqualTo(1);
    }

    /** The progress counts the bytes of the file, and comes on the loading thread. */
    @ParameterizedTest
    @EnumSource
    void theListenerReceivesTheProgressOfLoading(ModelOptions.Load load) {
        long weights;
        try (Checkpoint checkpoint = Checkpoint.open(TestData.tiny(), true)) {
            weights = checkpoint.tensors().values().stream().mapToLong(tensor -> tensor.data().byteSize()).sum();
        }
        List<Long> done = new ArrayList<>();
        ModelOptions options = ModelOptions.defaults().withLoad(load).withThreads(2).withWeightType(WeightType.Q5_K)
                .withProgress((bytes, total) -> {
                    assertThat(total).isEqualTo(weights);
                    done.add(bytes);
                });
        Model.load(TestData.tiny(), options).close();
        assertThat(done).isSorted().hasSizeGreaterThan(10).endsWith(weights);
        assertThat(done.getFirst()).isBetween(1L, weights / 10);
    }

    @Test
    void flashTpaIsCancelledBeforeOrDuringACall() {
        Random random = new Random(7);
        float[][] f = new float[4][];
        int[] sizes = {3 * 2, 2 * 8, 3 * 1, 1 * 8};
        for (int i = 0; i < 4; i++) {
            f[i] = new float[70 * sizes[i]];
            for (int j = 0; j < f[i].length; j++) {
                f[i][j] = (float) random.nextGaussian();
            }
        }
        try (FlashTpa flash = new FlashTpa(new FlashTpa.Shape(3, 8, 8, 2, 2, 1));
                FlashTpaCache cache = flash.newCache(1)) {
            FlashTpa.Factors keys = FlashTpa.Factors.of(f[0], f[1]);
            FlashTpa.Factors values = FlashTpa.Factors.of(f[2], f[3]);
            cache.cancel();
            assertThatThrownBy(() -> cache.append(70, keys, values)).isInstanceOf(CancellationException.class);
            assertThat(cache.length(0)).isZero();
            cache.append(70, keys, values);
            FlashTpa.Factors query = FlashTpa.Factors.of(f[0], f[1]);
            float[] expected = cache.attend(70, query);
            cache.cancel();
            assertThatThrownBy(() -> cache.attend(70, query)).isInstanceOf(CancellationException.class);
            assertThat(cache.attend(70, query)).isEqualTo(expected);
        }
    }

    @Test
    void flashTpaEndsAtItsDeadlineOrCancellation() {
        FlashTpa.Shape shape = new FlashTpa.Shape(3, 8, 8, 2, 2, 1);
        FlashTpa.Factors keys = FlashTpa.Factors.of(new float[300 * 6], new float[300 * 16]);
        FlashTpa.Factors values = FlashTpa.Factors.of(new float[300 * 3], new float[300 * 8]);
        try (FlashTpa flash = new FlashTpa(shape); FlashTpaCache cache = flash.newCache(1)) {
            cache.setCallOptions(CallOptions.defaults().withTimeout(Duration.ZERO));
            assertThatThrownBy(() -> cache.append(300, keys, values)).isInstanceOf(CancellationException.class)
                    .hasMessage("append: the deadline has passed");
            assertThat(cache.length(0)).isZero();
            cache.setCallOptions(CallOptions.defaults());
            cache.append(300, keys, values);
            cache.setCallOptions(CallOptions.defaults().withDeadline(Instant.now().minusMillis(1)));
            assertThatThrownBy(() -> cache.attend(300, keys)).isInstanceOf(CancellationException.class)
                    .hasMessage("attend: the deadline has passed");
            assertThatThrownBy(() -> cache.attendCausal(300, keys)).isInstanceOf(CancellationException.class)
                    .hasMessage("attendCausal: the deadline has passed");

            AtomicInteger asked = new AtomicInteger();
            CallOptions third = CallOptions.defaults().withCancellation(() -> asked.incrementAndGet() == 3);
            cache.setCallOptions(third);
            assertThatThrownBy(() -> cache.attendCausal(300, keys)).isInstanceOf(CancellationException.class)
                    .hasMessage("attendCausal was cancelled");
            asked.set(0);
            assertThatThrownBy(() -> cache.attend(300, keys)).isInstanceOf(CancellationException.class)
                    .hasMessage("attend was cancelled");
            assertThat(asked.get()).isEqualTo(3);
            assertThat(cache.fork().attend(1, FlashTpa.Factors.of(new float[6], new float[16]))).hasSize(24);

            cache.setCallOptions(CallOptions.defaults().withCancellation(() -> {
                cache.truncate(0);
                return false;
            }));
            assertThatThrownBy(() -> cache.append(300, keys, values)).isInstanceOf(IllegalStateException.class)
                    .hasMessage("the cache is in a call already: its cancellation function may read and fork it, but"
                            + " not change it");
            assertThat(cache.length(0)).as("nothing was appended").isEqualTo(300);
        }
    }

    @Test
    void resultsAreEqualWhateverTheirDurations() {
        Generation one = session.generate("The whale", OPTIONS.withTopLogprobs(2));
        session.truncate(0);
        assertThat(session.generate("The whale", OPTIONS.withTopLogprobs(2))).isEqualTo(one).hasSameHashCodeAs(one);
        assertThat(one.tokens()).allSatisfy(token -> assertThat(token.topLogprobs()).hasSize(2));
    }
}
