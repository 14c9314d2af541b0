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
 * Holds the size of the core (record 54). A feature pays for itself by what it removes, or goes to a leaf; a commit
 * that raises a limit says why.
 */
class SizeTest {
    /** Lines of the core's main code without generated tiles when the limit was set. */
    private static final int LINES = 37_700;
    /** Bytes of its classes and resources in a zip file, as in its jar. */
    private static final int BYTES = 1_070_000;

    private static final double ROOM = 1.03;

    private static List<Path> files(String folder) throws IOException {
        try (Stream<Path> files = Files.walk(TestData.path("../engine/core").resolve(folder))) {
            return files.filter(Files::isRegularFile).sorted().toList();
        }
    }

    @Test
    void theCoreStaysSmall() throws IOException {
        int lines = 0;
        for (Path file : files("src/main/java")) {
            if (!file.toString().contains("generated")) {
                lines += Files.readAllLines(file).size();
            }
        }
        assertThat(lines).as("lines of engine/core/src/main/java without generated tiles").isBetween(1, limit(LINES));
    }

    @Test
    void theJarStaysSmall() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Path classes = TestData.path("../engine/core/target/classes");
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            for (Path file : files("target/classes")) {
                zip.putNextEntry(new ZipEntry(classes.relativize(file).toString()));
                zip.write(Files.readAllBytes(file));
            }
        }
        assertThat(bytes.size()).as("bytes of a zip of engine/core/target/classes").isBetween(1, limit(BYTES));
    }

    private static int limit(int today) {
        return (int) (today * ROOM);
    }
}
