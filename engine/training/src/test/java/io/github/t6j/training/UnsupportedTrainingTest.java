package io.github.t6j.training;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.ModelFormatException;
import io.github.t6j.TestData;
import io.github.t6j.weights.GgufFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.api.Assertions;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests models and files that the engine knows and training does not support. */
class UnsupportedTrainingTest {
    @Test
    void expertsAreRefused() {
        assertThatThrownBy(() -> TrainableModel.load(TestData.path("golden_more/mixtral-top2"), null, 1))
                .isInstanceOf(ModelFormatException.class)
                .hasMessageContaining("training: feed-forward part: expected a dense one, found 5 experts");
    }

    @Test
    void anotherAttentionOrVersionIsUnsupported(@TempDir Path folder) throws IOException {
        Path gta = TestData.path("golden_mlra/gta");
        assertUnsupported(() -> TrainableModel.load(gta, null, 1), gta);
        Path ids = Files.write(folder.resolve("ids.bin"), Arrays.copyOf(GgufFile.bytes(20240520, 7, 1), 1026));
        assertUnsupported(() -> TokenData.open(List.of(ids), null, 100, share -> {}), ids);
    }

    private static void assertUnsupported(ThrowingCallable call, Path path) {
        assertThatThrownBy(call).isInstanceOfSatisfying(ModelFormatException.class, error -> {
            Assertions.assertThat(error.path()).as(error.getMessage()).contains(path);
            Assertions.assertThat(error.kind()).as(error.getMessage()).isEqualTo(ModelFormatException.Kind.UNSUPPORTED);
        });
    }
}
