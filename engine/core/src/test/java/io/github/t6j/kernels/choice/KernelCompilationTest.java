package io.github.t6j.kernels.choice;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.kernels.Format;
import io.github.t6j.kernels.Kernels;
import io.github.t6j.kernels.simd.SimdKernels;
import io.github.t6j.kernels.simd.lanes.TileTable;
import io.github.t6j.kernels.simd.lanes.TileTable.Shape;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Tests that C1 can compile every kernel with profiles. C1 gives up on methods with too many calls of the Vector API.
 * If the compilers of a JVM are busy, they may first compile such a method without profiles. C2 then never compiles it,
 * and it stays about a hundred times slower for as long as the JVM lives.
 */
class KernelCompilationTest {
    /** Calls all kernels often enough for C1. */
    static final class Calling {
        private static final int CALLS = 300;

        public static void main(String[] args) {
            Kernels kernels = new SimdKernels(true);
            for (Consumer<Kernels> trial : trials()) {
                for (int i = 0; i < CALLS; i++) {
                    trial.accept(kernels);
                }
            }
            System.out.println("all called");
        }

        private static List<Consumer<Kernels>> trials() {
            SimdKernels simd = new SimdKernels(true);
            List<Consumer<Kernels>> trials = new ArrayList<>();
            for (KernelTrial trial : KernelTrial.values()) {
                for (int kernel = 0; kernel < trial.kernels; kernel++) {
                    if (trial != KernelTrial.PRODUCT || isRun(kernel, simd.tiles())) {
                        trials.add(trial.of(kernel, simd));
                    }
                }
            }
            return trials;
        }

        /** Formats differ only in a tile's loads, and each tile contains the loads of all formats. */
        private static boolean isRun(int kernel, TileTable tiles) {
            Shape shape = TileTable.shape(kernel);
            return shape.format() == Format.F32 && kernel == tiles.kernel(
                    Format.F32, shape.xStride(), Kernels.PANEL, shape.rows(), shape.columns());
        }
    }

    @Tag("full")
    @Test
    void c1CompilesEveryKernel() throws Exception {
        Path engine = Path.of(Kernels.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        Path tests = Path.of(KernelCompilationTest.class.getResource("KernelCompilationTest.class").toURI());
        for (int up = 0; up < 6; up++) {
            tests = tests.getParent();
        }
        Process process = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
                engine + File.pathSeparator + tests, "--add-modules", "jdk.incubator.vector", "-Xbatch",
                "-XX:+PrintCompilation", "-XX:Tier3DelayOn=1000000", "-XX:Tier4InvocationThreshold=1000000000",
                "-XX:Tier4MinInvocationThreshold=1000000000", "-XX:Tier4CompileThreshold=1000000000",
                "-XX:Tier4BackEdgeThreshold=1000000000", Calling.class.getName())
                .redirectErrorStream(true).start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(out).isZero();
        List<String> lines = out.lines().toList();
        assertThat(lines).contains("all called");
        assertThat(lines.stream().filter(line -> line.contains("kernels.simd.generated"))).as("compiled").isNotEmpty();
        assertThat(lines.stream().filter(line -> line.contains("COMPILE SKIPPED"))).isEmpty();
    }
}
