package io.github.t6j.jmh.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Binding of llama.cpp, as far as it needs no library. */
class LlamaTest {
    @TempDir
    Path folder;

    /** Sizes that C's sizeof gives with the headers of that version. */
    @Test
    void structuresHaveTheSizesOfTheHeader() {
        assertThat(LlamaStructs.MODEL_PARAMS.byteSize()).isEqualTo(80);
        assertThat(LlamaStructs.CONTEXT_PARAMS.byteSize()).isEqualTo(160);
        assertThat(LlamaStructs.BATCH.byteSize()).isEqualTo(56);
        assertThat(LlamaStructs.QUANTIZE_PARAMS.byteSize()).isEqualTo(64);
    }

    @Test
    void aMissingLibraryIsNamed() {
        assertThatIllegalStateException().isThrownBy(() -> new LlamaLibrary(folder))
                .withMessage(
                        folder.resolve("libllama.v0.5.0.so") + ": expected llama.cpp's library, found no such file:"
                                + " run .ci/peers, which installs it, or name its folder in T6J_PEERS");
    }
}
