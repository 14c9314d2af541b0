package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Tests that a generating virtual thread yields to others after each block. */
class VirtualThreadsTest {
    /** Two virtual threads on one carrier thread: the second ends the generation of the first if it gets to run. */
    static final class Taking {
        public static void main(String[] args) throws InterruptedException {
            AtomicBoolean seen = new AtomicBoolean();
            try (Model model = Model.load(TestData.tiny(), ModelOptions.defaults().withThreads(1));
                    Session session = model.newSession()) {
                GenerationOptions options =
                        GenerationOptions.defaults().withMaxTokens(500).withIgnoreEndOfText(true);
                Thread generating = Thread.ofVirtual().unstarted(() -> System.out.println(
                        session.generate("The whale", options, token -> !seen.get()).finishReason()));
                Thread other = Thread.ofVirtual().unstarted(() -> seen.set(true));
                generating.start();
                other.start();
                generating.join();
            }
        }
    }

    @Test
    void anotherVirtualThreadGetsToRun() throws Exception {
        Path engine = Path.of(Model.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        Path tests = Path.of(VirtualThreadsTest.class.getResource("VirtualThreadsTest.class").toURI());
        for (int up = 0; up < 4; up++) {
            tests = tests.getParent();
        }
        Process process = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
                engine + File.pathSeparator + tests, "-Dt6j.testdata=" + System.getProperty("t6j.testdata"),
                "-Djdk.virtualThreadScheduler.parallelism=1", "-Djdk.virtualThreadScheduler.maxPoolSize=1",
                "--add-modules", "jdk.incubator.vector", Taking.class.getName())
                .redirectError(ProcessBuilder.Redirect.DISCARD).start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).isZero();
        assertThat(out.strip()).isEqualTo(FinishReason.STOPPED_BY_LISTENER.name());
    }
}
