package io.github.t6j.jmh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.openjdk.jcstress.Main;

/**
 * Races of shared state by jcstress: the classes {@code *Stress}. Here they run briefly; CONTRIBUTING.md has the
 * command for longer runs.
 */
class StressTest {
    /**
     * One JVM for each class. No affinity, which the engine's threads would inherit. A small young generation, since
     * these tests open thousands of sessions.
     */
    private static final String COMMON = "-v -sc false -af NONE -jvmArgsPrepend -Xmn4m";

    private static final String QUICK = "-f 1 -fsm 1 -iters 1 -time 50 -strideSize 32 -strideCount 16 -hs 64 -pth false"
            + " -jvmArgs -XX:+TieredCompilation";

    @Tag("full")
    @Test
    void noForbiddenOutcome() throws IOException, InterruptedException {
        assumeTrue(Runtime.getRuntime().availableProcessors() > 1, "two actors need two CPUs");
        Path folder = Files.createDirectories(Path.of("target/jcstress").toAbsolutePath());
        Path log = folder.resolve("log.txt");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path"),
                Main.class.getName()));
        command.addAll(List.of(COMMON.split(" ")));
        command.addAll(List.of(System.getProperty("t6j.stress", QUICK).split(" ")));
        int exitCode = new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true)
                .redirectOutput(log.toFile()).start().waitFor();
        String printed = Files.readString(log);
        String results = printed.substring(Math.max(0, printed.indexOf("RUN RESULTS")));
        assertThat(exitCode).as(results).isZero();
        assertThat(printed)
                .containsPattern("Results: ([1-9]\\d*) planned; \\1 passed, 0 failed, 0 soft errs, 0 hard errs");
    }
}
