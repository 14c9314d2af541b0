package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;

/**
 * Holds the size of the core (record 54), and the size of the rooms of hybrid models (record 61). A feature pays for
 * itself by what it removes, or goes to a leaf; a commit that raises a limit says why.
 */
class SizeTest {
    /** Lines of the core's main code without generated tiles when the limit was set. */
    private static final int LINES = 38_100;
    /** Bytes of its classes and resources in a zip file, as in its jar. */
    private static final int BYTES = 1_080_000;

    /** Lines and bytes of the rooms of hybrid models, which a token of other models does not pass. */
    private static final int HYBRID_LINES = 4_270; // 500 of them serve T6, FlashTpa and MLRA, record 63
    private static final int HYBRID_BYTES = 125_000;

    /** Files of these rooms: names begin with one of these below io/github/t6j. */
    private static final List<String> HYBRIDS = List.of(
            "attention/layers/", "attention/mamba/", "attention/tpa/steps/", "family/olala/",
            "cache/HeadStates", "cache/LayeredCache", "family/StepKeys", "family/t6/T6Steps", "flashtpa/FlashTpaSteps",
            "kernels/HeadStep", "kernels/Kernels$HeadFactors", "kernels/scalar/Circle", "kernels/scalar/ScalarHead",
            "kernels/simd/Head", "model/Rotation");

    private static final double ROOM = 1.03;

    private static boolean isHybrid(Path file) {
        String name = file.toString().replace('\\', '/');
        return HYBRIDS.stream().anyMatch(room -> name.contains("io/github/t6j/" + room));
    }

    private static List<Path> files(String folder) throws IOException {
        try (Stream<Path> files = Files.walk(TestData.path("../engine/core").resolve(folder))) {
            return files.filter(Files::isRegularFile).sorted().toList();
        }
    }

    @Test
    void theCoreStaysSmall() throws IOException {
        int lines = 0;
        int hybrid = 0;
        for (Path file : files("src/main/java")) {
            if (!file.toString().contains("generated")) {
                int count = Files.readAllLines(file).size();
                lines += isHybrid(file) ? 0 : count;
                hybrid += isHybrid(file) ? count : 0;
            }
        }
        assertThat(hybrid).as("lines of the rooms of hybrid models").isBetween(1, limit(HYBRID_LINES));
        assertThat(lines).as("lines of engine/core/src/main/java without generated tiles").isBetween(1, limit(LINES));
    }

    @Test
    void theJarStaysSmall() throws IOException {
        assertThat(zipped(true)).as("bytes of a zip of the rooms of hybrid models").isBetween(1, limit(HYBRID_BYTES));
        assertThat(zipped(false)).as("bytes of a zip of engine/core/target/classes").isBetween(1, limit(BYTES));
    }

    private static int zipped(boolean hybrid) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Path classes = TestData.path("../engine/core/target/classes");
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            for (Path file : files("target/classes")) {
                if (isHybrid(file) == hybrid) {
                    zip.putNextEntry(new ZipEntry(classes.relativize(file).toString()));
                    zip.write(Files.readAllBytes(file));
                }
            }
        }
        return bytes.size();
    }

    private static int limit(int today) {
        return (int) (today * ROOM);
    }
}
