package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.github.t6j.SessionOptions.CacheType;
import io.github.t6j.attention.AttentionPath;
import io.github.t6j.family.VariantName;
import io.github.t6j.sampling.SamplingOptions;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Tests the contract of a session: errors lose no ids, generations end for the right reason, decoding does not
 * allocate.
 */
class SessionTest {
    private static final GenerationOptions GREEDY =
            GenerationOptions.defaults().withSampling(SamplingOptions.greedy()).withMaxTokens(40);

    private Model model;
    private Session session;

    @BeforeEach
    void open() {
        model = Model.load(TestData.tiny());
        session = model.newSession();
    }

    @AfterEach
    void close() {
        session.close();
        model.close();
    }

    @Test
    void invalidIdsAreRejectedBeforeAnyIdIsFed() {
        assertThatThrownBy(() -> session.prefill(1, 2, 4096))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("expected 0 to 4095")
                .hasMessageContaining("found 4096");
        assertThatThrownBy(() -> session.step(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> session.prefill()).isInstanceOf(IllegalArgumentException.class);
        assertThat(session.position()).isZero();
        assertThatThrownBy(session::logits).isInstanceOf(IllegalStateException.class);
    }

    /** Ids that the session already contains count as seen, as if the whole conversation were fed again. */
    @Test
    void theRepetitionPenaltyCountsTheIdsOfTheSession() {
        GenerationOptions penalised = GREEDY.withSampling(SamplingOptions.greedy().withRepetitionPenalty(3f));
        int[] first = model.tokenizer().encode("The whale and the sea and the ship and the whale");
        int[] then = model.tokenizer().encode(" and the");
        String whole = session.generate("The whale and the sea and the ship and the whale and the", penalised).text();
        assertThat(whole)
                .isNotEqualTo(model.newSession().generate("The whale and the sea and the ship and the whale and"
                        + " the", GREEDY).text());
        try (Session inTwo = model.newSession()) {
            inTwo.prefill(first);
            assertThat(inTwo.generate(Prompt.of(then), penalised, token -> true).text()).isEqualTo(whole);
            inTwo.truncate(first.length);
            assertThat(inTwo.generateSamples(Prompt.of(" and the"), 2, penalised)).extracting(Generation::text)
                    .containsOnly(whole);
        }
    }

    @Test
    void aFullContextRejectsMoreIdsAndKeepsItsOwn() {
        try (Session small = model.newSession(SessionOptions.defaults().withContextLength(4))) {
            small.prefill(1, 2, 3);
            float[] before = small.logits().clone();
            assertThatThrownBy(() -> small.prefill(4, 5))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("room for 4 ids and holds 3")
                    .hasMessageContaining("found 2");
            assertThat(small.logits()).isEqualTo(before);
            small.step(4);
            assertThat(small.position()).isEqualTo(4);
            assertThatThrownBy(() -> small.step(5)).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void truncateRemovesTheEnd() {
        session.prefill(5, 6, 7);
        float[] three = session.logits().clone();
        session.prefill(8, 9);
        assertThatThrownBy(() -> session.truncate(6)).isInstanceOf(IllegalArgumentException.class);
        session.truncate(2);
        assertThatThrownBy(session::logits).isInstanceOf(IllegalStateException.class);
        session.step(7);
        assertThat(session.logits()).isEqualTo(three);
        assertThat(session.usedCacheBytes()).isEqualTo(3L * 6 * (2 + 2) * (8 + 32) * 4);
    }

    @Test
    void linearAttentionFeedsAgainAfterTruncating() {
        for (String name : List.of("T6_linearattn", "llama-linearattn-gqa")) {
            try (Model linear = Model.load(
                    TestData.path("golden/" + name),
                    ModelOptions.defaults().withVariant(VariantName.parse("linearattn")));
                    Session recurrent = linear.newSession();
                    Session oracle = linear.newSession(
                            AttentionPath.MATERIALIZED.of(SessionOptions.defaults()))) {
                recurrent.prefill(5, 6, 7);
                float[] three = recurrent.logits().clone();
                long bytes = recurrent.usedCacheBytes();
                assertThat(bytes).isEqualTo(4L * linear.info().sizes().layers() * linear.info().cache().stateElements())
                        .isPositive();
                Thread.currentThread().interrupt();
                assertThatThrownBy(() -> recurrent.prefill(8, 9)).isInstanceOf(CancellationException.class);
                assertThat(Thread.interrupted()).isTrue();
                recurrent.truncate(3);
                recurrent.prefill(8, 9);
                assertThat(recurrent.usedCacheBytes()).isEqualTo(bytes);
                float[] five = recurrent.logits().clone();
                recurrent.truncate(2);
                assertThat(recurrent.position()).isEqualTo(2);
                recurrent.step(7);
                assertThat(recurrent.logits()).isEqualTo(three);
                recurrent.prefill(8, 9);
                assertThat(recurrent.logits()).isEqualTo(five);
                recurrent.truncate(0);
                recurrent.prefill(5, 6, 7);
                assertThat(recurrent.logits()).isEqualTo(three);

                List<Token> after = recurrent.generate(Prompt.of(), GREEDY.withMaxTokens(3)).tokens();
                recurrent.truncate(0);
                recurrent.prefill(5, 6, 7);
                recurrent.truncate(3); // discards the logits
                assertThat(recurrent.generate(Prompt.of(), GREEDY.withMaxTokens(3)).tokens()).isEqualTo(after);

                oracle.prefill(5, 6, 1);
                oracle.truncate(2);
                oracle.step(7);
                assertThat(oracle.logits()).containsExactly(three, org.assertj.core.api.Assertions.within(1e-4f));
            }
        }
    }

    @Test
    void generationsEndForTheRightReason() {
        Generation full = session.generate("The whale", GREEDY);
        assertThat(full.finishReason()).isEqualTo(FinishReason.MAX_TOKENS);
        assertThat(full.tokens()).hasSize(40);
        assertThat(full.promptTokens()).isEqualTo(2);
        assertThat(session.position()).isEqualTo(42);

        session.truncate(0);
        List<String> heard = new ArrayList<>();
        Generation stopped = session.generate("The whale", GREEDY.withStop("whale-boat"), token -> {
            heard.add(token.text());
            return true;
        });
        assertThat(stopped.finishReason()).isEqualTo(FinishReason.STOP_STRING);
        assertThat(full.text()).startsWith(stopped.text() + "whale-boat");
        assertThat(String.join("", heard)).isEqualTo(stopped.text());

        session.truncate(0);
        Generation left = session.generate("The whale", GREEDY, token -> false);
        assertThat(left.finishReason()).isEqualTo(FinishReason.STOPPED_BY_LISTENER);
        assertThat(left.tokens()).hasSize(1);

        try (Session small = model.newSession(SessionOptions.defaults().withContextLength(10))) {
            Generation end = small.generate("The whale", GREEDY);
            assertThat(end.finishReason()).isEqualTo(FinishReason.CONTEXT_FULL);
            assertThat(end.tokens()).hasSize(8);
            assertThat(small.generate("", GREEDY).finishReason()).isEqualTo(FinishReason.CONTEXT_FULL);
        }
    }

    @Test
    void anEndIdEndsTheGenerationUnlessIgnored() {
        int endOfText = model.tokenizer().endOfText();
        SamplingOptions only = SamplingOptions.greedy()
                .withLogitBias(java.util.Map.of(endOfText, 1000f));
        Generation ended = session.generate("The whale", GREEDY.withSampling(only));
        assertThat(ended.finishReason()).isEqualTo(FinishReason.END_OF_TEXT);
        assertThat(ended.tokens()).isEmpty();
        assertThat(ended.text()).isEmpty();
        Generation ignored =
                session.generate("The whale", GREEDY.withSampling(only).withMaxTokens(3).withIgnoreEndOfText(true));
        assertThat(ignored.finishReason()).isEqualTo(FinishReason.MAX_TOKENS);
        assertThat(ignored.tokens()).extracting(Token::id).containsExactly(endOfText, endOfText, endOfText);
    }

    @Test
    void aSecondGenerationContinuesTheFirst() {
        Generation whole = session.generate("The whale", GREEDY.withMaxTokens(20));
        session.truncate(0);
        Generation first = session.generate("The whale", GREEDY.withMaxTokens(12));
        Generation second = session.generate("", GREEDY.withMaxTokens(8));
        assertThat(first.text() + second.text()).isEqualTo(whole.text());
        assertThat(second.promptTokens()).isZero();
    }

    @Test
    void anEmptyPromptStartsADocument() {
        Generation generation = session.generate("", GREEDY);
        assertThat(generation.promptTokens()).isEqualTo(1);
        assertThat(generation.text()).isNotBlank();
    }

    @Test
    void theSeedOfAGenerationRepeatsIt() {
        Generation random = session.generate("Call me", GenerationOptions.defaults().withMaxTokens(30));
        session.truncate(0);
        SamplingOptions again = SamplingOptions.defaults().withSeed(random.seed());
        assertThat(
                session.generate("Call me", GenerationOptions.defaults().withMaxTokens(30).withSampling(again)).text())
                .isEqualTo(random.text());
    }

    @Test
    void cancellingStopsPrefillAndGeneration() throws InterruptedException {
        Generation generation = session.generate("The whale", GREEDY, token -> {
            session.cancel();
            return true;
        });
        assertThat(generation.finishReason()).isEqualTo(FinishReason.CANCELLED);
        assertThat(generation.tokens()).hasSize(1);
        assertThat(session.position()).as("the session contains the reported tokens").isEqualTo(3);
        String rest = session.generate("", GREEDY.withMaxTokens(39)).text();
        session.truncate(0);
        assertThat(generation.text() + rest).isEqualTo(session.generate("The whale", GREEDY).text());

        int[] many = new int[200_000];
        try (Session large = model.newSession(SessionOptions.defaults().withContextLength(many.length))) {
            Thread canceller = new Thread(() -> {
                try {
                    Thread.sleep(100);
                } catch (InterruptedException interrupted) {
                    throw new IllegalStateException(interrupted);
                }
                large.cancel();
            });
            canceller.start();
            assertThatThrownBy(() -> large.prefill(many))
                    .isInstanceOf(CancellationException.class)
                    .hasMessageContaining("at position " + large.position());
            canceller.join();
            assertThat(large.position()).isLessThan(many.length);
        }
    }

    /** All types run in one JVM, since compiling the kernels of one format must not deoptimise those of another. */
    @ParameterizedTest
    @EnumSource
    @Tag("steady")
    void decodingDoesNotAllocate(CacheType type) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        SessionOptions options = SessionOptions.defaults().withContextLength(20_000).withCacheType(type);
        try (Session steps = model.newSession(options)) {
            model.warmUp(Duration.ofMinutes(1)); // also kernels that are so cheap that the twin would keep them
            long thread = Thread.currentThread().threadId();
            long allocated = Long.MAX_VALUE;
            // vectors are objects until C2 has compiled the kernels, so wait for a stretch without allocations
            for (int round = 0; round < 200 && allocated > 0; round++) {
                steps.prefill(new int[65]); // so that no page begins
                long before = threads.getThreadAllocatedBytes(thread);
                for (int i = 0; i < 50; i++) {
                    steps.step(i);
                    steps.logits();
                }
                allocated = threads.getThreadAllocatedBytes(thread) - before;
                steps.truncate(0);
            }
            assertThat(allocated).isZero();
        }
    }

    @Test
    void logProbabilitiesUseTheUnmodifiedLogits() {
        session.prefill(model.tokenizer().encode("The whale"));
        float[] logits = session.logits().clone();
        session.truncate(0);
        Generation generation = session.generate("The whale", GREEDY.withMaxTokens(1));
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit);
        }
        Token token = generation.tokens().getFirst();
        assertThat((double) token.logProbability())
                .isCloseTo(logits[token.id()] - Math.log(sum), org.assertj.core.api.Assertions.within(1e-5));
    }

    /** A folder without a tokenizer generates the ids of the oracle, greedy over all logits. */
    @Test
    void withoutATokenizerIdsAreGenerated() {
        try (Model bare = Model.load(TestData.path("golden/T6_even"));
                Session generating = bare.newSession();
                Session oracle = bare.newSession()) {
            GenerationOptions greedy = GenerationOptions.defaults().withMaxTokens(5)
                    .withSampling(SamplingOptions.greedy());
            Generation generation = generating.generate(Prompt.of(3, 1, 2), greedy, token -> token.text().isEmpty());
            oracle.prefill(3, 1, 2);
            for (Token token : generation.tokens()) {
                int best = 0;
                for (int i = 1; i < oracle.logits().length; i++) {
                    best = oracle.logits()[i] > oracle.logits()[best] ? i : best;
                }
                assertThat(token.id()).isEqualTo(best);
                oracle.step(best);
            }
            assertThat(generation.tokens()).hasSize(5);
            assertThat(generation.text()).isEmpty();
            GenerationOptions stopping = greedy.withStop(".");
            assertThatThrownBy(() -> generating.generate(Prompt.of(3), stopping, token -> true))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("tokenizer");
        }
    }
}
