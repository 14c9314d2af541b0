package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests that a process killed while saving leaves either the old or the new file. */
class KilledTest {
    @TempDir
    Path folder;

    /** Saves two sessions alternately to {@code args[0]}, without end. */
    static final class Saving {
        public static void main(String[] args) {
            Path file = Path.of(args[0]);
            try (Model model = Model.load(TestData.tiny()); Session session = model.newSession()) {
                session.prefill(1, 2, 3);
                session.save(file);
                try (Session fork = session.fork()) {
                    fork.prefill(new int[200]);
                    System.out.println("saving");
                    while (true) {
                        fork.save(file);
                        session.save(file);
                    }
                }
            }
        }
    }

    private static Process start(Path file) throws Exception {
        Path engine = Path.of(Model.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        Path tests = Path.of(KilledTest.class.getResource("KilledTest.class").toURI());
        for (int up = 0; up < 4; up++) {
            tests = tests.getParent();
        }
        return new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
                engine + File.pathSeparator + tests, "-Dt6j.testdata=" + System.getProperty("t6j.testdata"),
                "--add-modules", "jdk.incubator.vector", Saving.class.getName(), file.toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD).start();
    }

    @Tag("full")
    @Test
    void theFileIsCompleteWheneverTheProcessIsKilled() throws Exception {
        Path file = folder.resolve("session");
        Random random = new Random(4);
        try (Model model = Model.load(TestData.tiny()); Session session = model.newSession()) {
            for (int i = 0; i < 5; i++) {
                Process process = start(file);
                try (BufferedReader out = process.inputReader()) {
                    assertThat(out.readLine()).isEqualTo("saving");
                    Thread.sleep(random.nextInt(200));
                } finally {
                    process.destroyForcibly().waitFor();
                }
                session.restore(file);
                assertThat(session.position()).isIn(3, 203);
            }
            session.save(file);
        }
        assertThat(names()).as("files of killed processes are removed").containsExactly("session");
    }

    private String[] names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(path -> path.getFileName().toString()).toArray(String[]::new);
        }
    }
}
