package io.github.t6j.weights.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.ModelFormatException;
import io.github.t6j.TestData;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.GgufFile;
import io.github.t6j.weights.NativeMemory;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.safetensors.Safetensors;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Opens GGUF files through {@link Checkpoint}. */
@Isolated
class GgufCheckpointTest {
    private static final Path F32 = TestData.path("golden_llama/gguf-llama3/model-f32.gguf");

    @TempDir
    Path folder;

    private Path blocks() throws IOException {
        Tensor blocks = Safetensors.read(TestData.path("golden_llama/ggml_blocks/q4_K.safetensors"), Arena.ofAuto())
                .tensors().get("blocks");
        byte[] file = new GgufFile().key("general.name", "x").floats("norm", new float[] {1, 2}, 2)
                .tensor("w", 12, blocks.data().toArray(ValueLayout.JAVA_BYTE), 6, 512)
                .tensor("v", 8, new byte[34], 1, 32).make();
        return Files.write(folder.resolve("blocks.gguf"), file);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void opensAFileAndAFolder(boolean mapped) throws IOException {
        Files.copy(F32, folder.resolve("any name.gguf"));
        for (Path path : new Path[] {folder, folder.resolve("any name.gguf")}) {
            try (Checkpoint checkpoint = Checkpoint.open(path, mapped)) {
                assertThat(checkpoint.description())
                        .isEqualTo("any name.gguf (gguf, " + (mapped ? "mapped" : "copied") + ")");
                assertThat(checkpoint.gguf()).containsEntry("general.architecture", "llama");
                assertThat(checkpoint.metadata()).isEmpty();
                assertThat(checkpoint.tensors()).hasSize(21).containsKey("blk.1.attn_q.weight");
            }
        }
    }

    @Test
    void otherFilesHaveNoKeys() {
        try (Checkpoint checkpoint = Checkpoint.open(TestData.path("golden_llama/llama3-gqa"), true)) {
            assertThat(checkpoint.gguf()).isEmpty();
        }
    }

    @Test
    void aFolderMayHoldOneFileOfWeights() throws IOException {
        Files.copy(F32, folder.resolve("b.gguf"));
        Files.copy(F32, folder.resolve("a.gguf"));
        assertThatThrownBy(() -> Checkpoint.open(folder, true)).isInstanceOf(ModelFormatException.class)
                .hasMessage(
                        folder + ": expected one file of weights, found a.gguf, b.gguf: give the path of the file to"
                                + " use");
        Files.copy(TestData.path("golden_llama/llama3-gqa/model.safetensors"), folder.resolve("model.safetensors"));
        try (Checkpoint checkpoint = Checkpoint.open(folder, true)) {
            assertThat(checkpoint.description()).startsWith("model.safetensors");
        }
    }

    /** Opening a file allocates nothing, and reading a tensor allocates no more than that tensor. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void tensorsStayAsTheyAre(boolean mapped) throws IOException {
        Path file = blocks();
        float[] elements = Safetensors.read(
                TestData.path("golden_llama/ggml_blocks/q4_K.safetensors"), Arena.ofAuto()).tensors().get("y")
                .toFloats();
        long before = NativeMemory.allocatedBytes();
        try (Checkpoint checkpoint = Checkpoint.open(file, mapped)) {
            assertThat(NativeMemory.allocatedBytes()).isEqualTo(before);
            Tensor stored = checkpoint.tensors().get("w");
            assertThat(stored.dtype()).isEqualTo(DType.Q4_K);
            try (NativeMemory memory = NativeMemory.confined()) {
                Tensor read = checkpoint.whole(stored, memory);
                assertThat(read.dtype()).isEqualTo(DType.Q4_K);
                assertThat(read.toFloats()).containsExactly(elements, within(0f));
                assertThat(read.data().isReadOnly()).isTrue();
                assertThat(NativeMemory.allocatedBytes()).isEqualTo(before + (mapped ? 0 : 6 * 512 / 256 * 144));
                Map<String, Tensor> tensors = checkpoint.tensors();
                assertThat(checkpoint.whole(tensors.get("v"), memory).dtype()).isEqualTo(tensors.get("v").dtype());
                assertThat(checkpoint.whole(tensors.get("norm"), memory).toFloats()).containsExactly(1, 2);
            }
        }
        assertThat(NativeMemory.allocatedBytes()).isEqualTo(before);
    }

    @Test
    void aFileTruncatedBeforeATensorIsReadIsNamed() throws IOException {
        Path file = blocks();
        try (Checkpoint checkpoint = Checkpoint.open(file, false); NativeMemory memory = NativeMemory.confined()) {
            Tensor stored = checkpoint.tensors().get("w");
            Files.write(file, new byte[0]);
            assertThatThrownBy(() -> checkpoint.whole(stored, memory)).isInstanceOf(ModelFormatException.class)
                    .hasMessageStartingWith(file + ": ").hasMessageContaining("truncated");
        }
    }

    @Test
    void aBadFileIsNamed() throws IOException {
        Path file = Files.write(folder.resolve("m.gguf"), GgufFile.without(Files.readAllBytes(F32), 1000));
        assertThatThrownBy(() -> Checkpoint.open(folder, false)).isInstanceOf(ModelFormatException.class)
                .hasMessageStartingWith(file + ": tensor ").hasMessageContaining("cut short");
    }
}
