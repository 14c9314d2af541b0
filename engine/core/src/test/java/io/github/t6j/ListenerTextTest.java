package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.sampling.SamplingStep;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Tests that a listener or a stream receives the whole text, wherever and why it ends: within a character, or within
 * the start of a stop string. A sampling step makes the model generate given bytes, one per id.
 */
@TestInstance(Lifecycle.PER_CLASS)
class ListenerTextTest {
    private static final String SAID = "a whale-\u00e9\u2014\ud83d\udc0b and-'\ud83d\udc0b-";
    private static final byte[] BYTES = SAID.getBytes(StandardCharsets.UTF_8);
    private static final String[] NEVER = {"-'x", "\ud83d\udc0b!", "-\u00e8", "whale--"};

    private Model model;
    private int[] ids; // ids of BYTES

    @BeforeAll
    void load() {
        model = Model.load(TestData.tiny(), ModelOptions.defaults().withThreads(1));
        int[] idOf = new int[256];
        for (int id = 0; id < model.tokenizer().size(); id++) {
            byte[] bytes = model.tokenizer().bytes(id);
            if (bytes.length == 1) {
                idOf[bytes[0] & 0xFF] = id;
            }
        }
        ids = IntStream.range(0, BYTES.length).map(i -> idOf[BYTES[i] & 0xFF]).toArray();
    }

    @AfterAll
    void close() {
        model.close();
    }

    /** Returns a step that forces the ids of {@code said}, then the end of the text. */
    private SamplingStep script(int... said) {
        return (logits, generated) -> {
            Arrays.fill(logits, Float.NEGATIVE_INFINITY);
            int next = generated.length;
            logits[next < said.length ? said[next] : model.tokenizer().endOfText()] = 0;
        };
    }

    private GenerationOptions saying(int[] said, String... stop) {
        return GenerationOptions.defaults().withMaxTokens(1000).withStop(stop)
                .withSampling(SamplingOptions.defaults().withStep(script(said)));
    }

    private GenerationOptions saying(String... stop) {
        return saying(ids, stop);
    }

    /** Returns the first bytes as text, decoded by the JDK: a truncated character becomes U+FFFD. */
    private static String text(int bytes) {
        return new String(BYTES, 0, bytes, StandardCharsets.UTF_8);
    }

    /** Runs a generation that ends after {@code count} ids for {@code reason}. */
    private Generation generate(FinishReason reason, int count, StringBuilder heard, String... stop) {
        boolean full = reason == FinishReason.CONTEXT_FULL;
        int[] said = reason == FinishReason.END_OF_TEXT ? Arrays.copyOf(ids, count) : ids;
        GenerationOptions options = saying(said, stop);
        options = reason == FinishReason.MAX_TOKENS ? options.withMaxTokens(count) : options;
        List<Token> tokens = new ArrayList<>();
        try (Session session = model.newSession(
                SessionOptions.defaults().withContextLength(full ? 1 + count : 100))) {
            Generation generation = session.generate(Prompt.of(7), options, token -> {
                tokens.add(token);
                heard.append(token.text());
                boolean last = tokens.size() == count;
                if (last && reason == FinishReason.CANCELLED) {
                    session.cancel();
                }
                return !last || reason != FinishReason.STOPPED_BY_LISTENER;
            });
            if (!tokens.isEmpty() && tokens.getLast().isTail()) {
                assertThat(tokens.removeLast().text()).isNotEmpty();
            }
            assertThat(tokens).isEqualTo(generation.tokens()).noneMatch(Token::isTail);
            return generation;
        }
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = {"STOP_STRING", "DEADLINE"})
    void theListenerReceivesTheWholeText(FinishReason reason) {
        boolean byListener = reason == FinishReason.CANCELLED || reason == FinishReason.STOPPED_BY_LISTENER;
        for (int count = byListener ? 1 : 0; count <= BYTES.length; count++) {
            for (String[] stop : new String[][] {{}, NEVER}) {
                StringBuilder heard = new StringBuilder();
                Generation generation = generate(reason, count, heard, stop);
                assertThat(generation.finishReason()).isEqualTo(reason);
                assertThat(generation.tokens()).hasSize(count);
                assertThat(generation.text()).as("%d bytes", count).isEqualTo(text(count));
                assertThat(heard).as("%d bytes", count).hasToString(text(count));
            }
        }
    }

    @Test
    void theListenerReceivesTheTextBeforeAStopString() {
        for (String stop : List.of("\ud83d\udc0b", "-", "-\u00e9", "'\ud83d\udc0b", "a whale", "-'", "d-")) {
            StringBuilder heard = new StringBuilder();
            Generation generation = generate(FinishReason.STOP_STRING, 1000, heard, "-'x", stop);
            assertThat(generation.finishReason()).isEqualTo(FinishReason.STOP_STRING);
            assertThat(generation.text()).isEqualTo(SAID.substring(0, SAID.indexOf(stop)));
            assertThat(heard).hasToString(generation.text());
        }
    }

    @Test
    void aStreamReturnsTheWholeText() {
        for (int count = 0; count <= BYTES.length; count++) {
            try (Session session = model.newSession();
                    Stream<Token> tokens = session.stream(Prompt.of(7), saying(NEVER).withMaxTokens(count))) {
                String given = tokens.map(Token::text).reduce("", String::concat);
                assertThat(given).as("%d bytes", count).isEqualTo(text(count));
                assertThat(session.position()).isEqualTo(1 + count);
            }
        }
    }

    @Test
    void aSampleListenerReceivesTheWholeTextOfEachSample() {
        for (int count = 1; count <= BYTES.length; count++) {
            int last = count;
            List<StringBuilder> heard = List.of(new StringBuilder(), new StringBuilder());
            int[] told = new int[2];
            try (Session session = model.newSession()) {
                List<Generation> samples = session.generateSamples(
                        Prompt.of(7), 2, saying(NEVER).withMaxTokens(count), (sample, token) -> {
                            heard.get(sample).append(token.text());
                            return ++told[sample] != (sample == 0 ? last : 3);
                        });
                assertThat(samples.get(0).text()).isEqualTo(text(count)).isEqualTo(heard.get(0).toString());
                assertThat(samples.get(1).text()).isEqualTo(text(Math.min(count, 3)))
                        .isEqualTo(heard.get(1).toString());
                assertThat(samples.get(1).tokens()).hasSize(Math.min(count, 3));
                assertThat(samples.get(0).finishReason()).isEqualTo(FinishReason.STOPPED_BY_LISTENER);
            }
        }
    }
}
