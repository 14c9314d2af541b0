package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.sampling.SamplingOptions;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** Tests that a stream returns the tokens that a listener receives, computed on demand. */
@Isolated
class StreamTest {
    private static final String PROMPT = "The whale";
    private static final GenerationOptions OPTIONS = GenerationOptions.defaults().withMaxTokens(30)
            .withSampling(SamplingOptions.defaults().withSeed(5).withRepetitionPenalty(1.1f));

    private Model model;
    private Session session;
    private List<Token> expected;

    @BeforeEach
    void open() {
        model = Model.load(TestData.tiny());
        session = model.newSession();
        try (Session other = model.newSession()) {
            expected = other.generate(PROMPT, OPTIONS).tokens();
        }
    }

    @AfterEach
    void close() {
        session.close();
        model.close();
    }

    private int[] idsAfter(int tokens) {
        return IntStream.concat(
                IntStream.of(model.tokenizer().encodeBeginning(PROMPT)),
                expected.stream().limit(tokens).mapToInt(Token::id)).toArray();
    }

    private static List<Token> withoutTail(List<Token> tokens) {
        return tokens.stream().filter(token -> !token.isTail()).toList();
    }

    @Test
    void returnsTheTokensOfAListener() {
        List<Token> heard = new ArrayList<>();
        try (Session other = model.newSession()) {
            other.generate(PROMPT, OPTIONS, heard::add);
        }
        try (Stream<Token> tokens = session.stream(PROMPT, OPTIONS)) {
            assertThat(session.position()).as("nothing is computed before it is requested").isZero();
            assertThat(tokens.toList()).isEqualTo(heard);
        }
        assertThat(session.ids()).isEqualTo(idsAfter(30));
    }

    @Test
    void aParallelStreamKeepsTheOrder() {
        assertThat(withoutTail(session.stream(PROMPT, OPTIONS).parallel().toList())).isEqualTo(expected);
    }

    @Test
    void theSessionContainsTheReturnedTokensAtAnyTime() {
        for (int taken : new int[] {0, 1, 7, 30}) {
            session.truncate(0);
            assertThat(session.stream(PROMPT, OPTIONS).limit(taken).toList()).isEqualTo(expected.subList(0, taken));
            assertThat(session.ids()).isEqualTo(taken == 0 ? new int[0] : idsAfter(taken));
        }
    }

    @Test
    void aClosedStreamComputesNothing() {
        Stream<Token> tokens = session.stream(PROMPT, OPTIONS);
        Iterator<Token> iterator = tokens.iterator();
        for (int i = 0; i < 4; i++) {
            assertThat(iterator.next()).isEqualTo(expected.get(i));
        }
        tokens.close();
        tokens.close();
        assertThat(iterator.hasNext()).isFalse();
        assertThat(session.ids()).isEqualTo(idsAfter(4));
        try (Session other = model.newSession()) { // the text after the stream is that of a session without it
            other.prefill(idsAfter(4));
            GenerationOptions greedy = OPTIONS.withSampling(SamplingOptions.greedy());
            assertThat(session.generate("", greedy).text()).isEqualTo(other.generate("", greedy).text());
        }
    }

    @Test
    void closingFromAnotherThreadCancelsThePrompt() {
        int[] many = new int[200_000];
        try (Session large = model.newSession(SessionOptions.defaults().withContextLength(300_000))) {
            Stream<Token> tokens = large.stream(Prompt.of(many), OPTIONS);
            CompletableFuture<List<Token>> asking = CompletableFuture.supplyAsync(tokens::toList);
            while (large.position() == 0) {
                Thread.onSpinWait();
            }
            tokens.close();
            assertThat(asking.join()).isEmpty();
            assertThat(large.position()).isLessThan(many.length);
        }
    }

    @Test
    void anyThreadMayConsume() {
        Iterator<Token> tokens = session.stream(PROMPT, OPTIONS).iterator();
        for (Token token : expected) {
            assertThat(CompletableFuture.supplyAsync(tokens::next).join()).isEqualTo(token);
        }
    }

    @Test
    void theSessionMayBeReadBetweenTokens() {
        session.stream(PROMPT, OPTIONS).limit(5).forEach(token -> {
            assertThat(session.logits()).hasSize(4096);
            session.fork().close();
        });
    }

    @Test
    void changingTheSessionIsAnError() {
        Iterator<Token> tokens = session.stream(PROMPT, OPTIONS).iterator();
        tokens.next();
        session.step(1);
        assertThatThrownBy(tokens::next).isInstanceOf(IllegalStateException.class)
                .hasMessage("stream: expected its session at position 3, found it at 4:"
                        + " do not feed, truncate or restore it while the stream is open");
        Iterator<Token> closed = session.stream("", OPTIONS).iterator();
        session.close();
        assertThatThrownBy(closed::next).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("the session is closed");
        assertThatThrownBy(() -> session.stream(PROMPT, OPTIONS)).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("the session is closed");
    }

    @Test
    void anInterruptCancelsAndStaysSet() {
        Iterator<Token> tokens = session.stream(PROMPT, OPTIONS).iterator();
        tokens.next();
        Thread.currentThread().interrupt();
        assertThatThrownBy(tokens::next).isInstanceOf(CancellationException.class)
                .hasMessage("the stream was cancelled at position 3");
        assertThat(Thread.interrupted()).isTrue();
        assertThat(session.ids()).isEqualTo(idsAfter(1));
    }

    @Test
    void cancelEndsThePrompt() {
        try (Session large = model.newSession(SessionOptions.defaults().withContextLength(300_000))) {
            Stream<Token> tokens = large.stream(Prompt.of(new int[200_000]), OPTIONS);
            CompletableFuture<List<Token>> asking = CompletableFuture.supplyAsync(tokens::toList);
            while (large.position() == 0) {
                Thread.onSpinWait();
            }
            large.cancel();
            assertThatThrownBy(asking::join).hasRootCauseInstanceOf(CancellationException.class);
        }
    }

    @Test
    void invalidArgumentsAreRejectedAtOnce() {
        assertThatThrownBy(() -> session.stream((String) null, OPTIONS)).hasMessage("prompt");
        assertThatThrownBy(() -> session.stream(Prompt.of((int[]) null), OPTIONS)).hasMessage("prompt");
        assertThatThrownBy(() -> session.stream(PROMPT, null)).hasMessage("options");
        assertThatThrownBy(() -> session.stream(Prompt.of(4096), OPTIONS))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("found 4096");
        assertThatThrownBy(() -> session.stream(Prompt.of(new int[0]), OPTIONS))
                .isInstanceOf(IllegalArgumentException.class);
        try (Session small = model.newSession(SessionOptions.defaults().withContextLength(1))) {
            assertThatThrownBy(() -> small.stream(PROMPT, OPTIONS)).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("room for 1 ids");
        }
    }
}
