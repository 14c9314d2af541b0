package io.github.t6j.kernels.simd.generated;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.TestData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class TileGeneratorTest {
    private static final Path FOLDER = TestData.path("..")
            .resolve("engine/src/main/java/io/github/t6j/kernels/simd/generated");

    /** CONTRIBUTING.md says how to write the files again. */
    @Test
    void committedTilesAreThoseOfTheGenerator() throws IOException {
        for (var file : TileGenerator.files().entrySet()) {
            assertThat(FOLDER.resolve(file.getKey())).hasContent(file.getValue());
        }
        try (Stream<Path> files = Files.list(FOLDER)) {
            assertThat(
                    files.map(file -> file.getFileName().toString()).filter(name -> !name.equals("package-info.java")))
                    .containsExactlyInAnyOrderElementsOf(TileGenerator.files().keySet());
        }
    }
}
