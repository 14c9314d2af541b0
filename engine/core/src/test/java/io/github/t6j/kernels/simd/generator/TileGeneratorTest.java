package io.github.t6j.kernels.simd.generator;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.TestData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class TileGeneratorTest {
    private static final Path ENGINE = TestData.path("../engine");

    /** CONTRIBUTING.md explains how to regenerate the files. */
    @Test
    void committedTilesMatchTheGenerator() throws IOException {
        for (var file : TileGenerator.files().entrySet()) {
            assertThat(ENGINE.resolve(file.getKey())).hasContent(file.getValue());
        }
        List<String> committed = new ArrayList<>();
        for (String folder : List.of(TileGenerator.CORE, TileGenerator.TRAINING)) {
            try (Stream<Path> files = Files.list(ENGINE.resolve(folder))) {
                files.map(file -> folder + "/" + file.getFileName()).forEach(committed::add);
            }
        }
        committed.removeIf(file -> file.endsWith("package-info.java"));
        assertThat(committed).containsExactlyInAnyOrderElementsOf(TileGenerator.files().keySet());
    }
}
