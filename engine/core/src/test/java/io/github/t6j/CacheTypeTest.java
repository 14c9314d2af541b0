package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.SessionOptions.CacheType;
import io.github.t6j.attention.AttentionPath;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests the error of each cache type against f32, with t6-tiny on the first ids of text/test.txt. */
class CacheTypeTest {
    private static final int WINDOW = 512;
    private static final int WINDOWS = 10;

    private static Model model;
    private static int[] ids;
    private static float[][] exact; // logits of the first window
    private static double exactNll; // mean over all windows

    @BeforeAll
    static void load() throws IOException {
        model = Model.load(TestData.tiny());
        String text = Files.readString(TestData.path("text/test.txt"));
        ids = Arrays.copyOf(model.tokenizer().encodeWithSpecialTokens(text), WINDOW * WINDOWS);
        exact = logits(CacheType.F32);
        exactNll = nll(CacheType.F32);
    }

    @AfterAll
    static void close() {
        model.close();
    }

    /**
     * The bounds are about twice the measured errors.
     *
     * <pre>
     *   against f32   largest difference of a logit   perplexity of all 362 windows   bytes per token
     *   f32                                    0                        56.56371              3840
     *   f16                                0.024                        56.56366              1920
     *   bf16                               0.145                        56.56589              1920
     *   q8                                 0.388                        56.57102              1536
     * </pre>
     *
     * @param mostLogit largest difference of a logit
     * @param mostNll largest difference of the mean negative log-likelihood over the windows tested here
     */
    @ParameterizedTest
    @CsvSource({"F16, 0.05, 0.0001, 1920", "BF16, 0.3, 0.001, 1920", "Q8, 0.8, 0.001, 1536"})
    void errorsAreSmall(CacheType type, double mostLogit, double mostNll, int bytesPerToken) {
        float[][] logits = logits(type);
        double largest = 0;
        for (int position = 0; position < WINDOW; position++) {
            for (int i = 0; i < logits[position].length; i++) {
                largest = Math.max(largest, Math.abs(logits[position][i] - exact[position][i]));
            }
        }
        assertThat(largest).as("largest difference of a logit").isBetween(1e-4, mostLogit);
        assertThat(nll(type)).as("mean negative log-likelihood").isCloseTo(exactNll, within(mostNll));
        try (Session session = model.newSession(SessionOptions.defaults().withCacheType(type))) {
            session.prefill(1, 2, 3);
            assertThat(session.usedCacheBytes()).isEqualTo(3L * bytesPerToken);
        }
    }

    private static float[][] logits(CacheType type) {
        float[][] logits = new float[WINDOW][];
        try (Session session = model.newSession(SessionOptions.defaults().withCacheType(type))) {
            session.prefill(Arrays.copyOf(ids, WINDOW), (position, row) -> logits[position] = row.clone());
        }
        return logits;
    }

    private static double nll(CacheType type) {
        double[] nll = new double[1];
        try (Session session = model.newSession(SessionOptions.defaults().withCacheType(type))) {
            for (int from = 0; from < ids.length; from += WINDOW) {
                int[] window = Arrays.copyOfRange(ids, from, from + WINDOW);
                session.truncate(0);
                session.prefill(window, (position, logits) -> {
                    if (position + 1 < WINDOW) {
                        nll[0] -= TinyModelTest.logProbability(logits, window[position + 1]);
                    }
                });
            }
        }
        return nll[0] / (WINDOWS * (WINDOW - 1));
    }

    /** The oracle rounds, too, but its inputs differ in the last bits, which sometimes changes a rounded element. */
    @ParameterizedTest
    @EnumSource(CacheType.class)
    void theOracleAgreesOnTheRoundedCache(CacheType type) {
        int[] prompt = Arrays.copyOf(ids, 100);
        SessionOptions options = SessionOptions.defaults().withCacheType(type);
        float tolerance = type == CacheType.F32 ? 1e-4f : 0.05f;
        try (Session factored = model.newSession(options);
                Session oracle = model.newSession(AttentionPath.MATERIALIZED.of(options))) {
            factored.prefill(prompt);
            oracle.prefill(prompt);
            for (int i = 0; i < factored.logits().length; i++) {
                assertThat(factored.logits()[i]).as("id " + i).isCloseTo(oracle.logits()[i], within(tolerance));
            }
        }
    }
}
