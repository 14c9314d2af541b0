package io.github.t6j.training;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.TestData;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.management.JMException;
import javax.management.ObjectName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The announced memory of a run is at least 0.9 of the arrays on the heap; smaller buffers are not counted. */
class TrainingMemoryTest {
    private static final int CONTEXT = 500;
    private static final int SEQUENCES = 7;

    @Tag("full")
    @ParameterizedTest
    @ValueSource(strings = {"mha-micro", "gqa-micro", "t6-micro", "t6-kvonly-micro", "mla-micro"})
    void aStepTakesTheAnnouncedMemory(String preset) throws IOException, JMException {
        int[] ids = new SplittableRandom(5).ints(CONTEXT * SEQUENCES + 1L, 0, 4096).toArray();
        TrainingOptions options = TrainingOptions.defaults(9).withBatches(
                TrainingOptions.Batches.defaults().withSequences(SEQUENCES).withContext(CONTEXT));
        long before = floats();
        try (Trainer trainer = Trainer.create(preset, TestData.path("tokenizers/bpe4096"), options, 2)) {
            trainer.step(TokenData.of(ids));
            assertThat((double) (floats() - before) / trainer.memory()).isBetween(1.0, 1.12);
        }
    }

    /** Returns the bytes of live arrays of floats; the collector's figures count whole regions of large arrays. */
    private static long floats() throws JMException {
        Object histogram = ManagementFactory.getPlatformMBeanServer().invoke(
                new ObjectName("com.sun.management:type=DiagnosticCommand"), "gcClassHistogram",
                new Object[] {new String[0]}, new String[] {String[].class.getName()});
        Matcher line = Pattern.compile("\\d+ +(\\d+) +\\[F ").matcher(histogram.toString());
        assertThat(line.find()).isTrue();
        return Long.parseLong(line.group(1));
    }
}
