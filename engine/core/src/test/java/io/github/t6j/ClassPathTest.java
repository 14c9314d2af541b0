package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Tests the class path without the vector module: the scalar twin runs, logs one warning, and gives the same bits. */
@Tag("classpath")
class ClassPathTest {
    @Test
    void theScalarTwinRunsWithOneWarning() {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        PrintStream err = System.err;
        System.setErr(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try (Model model = Model.load(TestData.tiny());
                Session session = model.newSession(SessionOptions.defaults().withContextLength(1000))) {
            assertThat(model.info().kernels()).startsWith("scalar");
            session.prefill(DeterminismTest.ids());
            assertThat(Arrays.hashCode(session.logits())).isEqualTo(DeterminismTest.HASH);
        } finally {
            System.setErr(err);
        }
        assertThat(printed.toString(StandardCharsets.UTF_8))
                .containsOnlyOnce("without SIMD")
                .contains("start java with --add-modules jdk.incubator.vector");
    }
}
