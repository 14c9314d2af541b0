package io.github.t6j.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.weights.safetensors.Safetensors;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LazyTensorTest {
    @TempDir
    Path folder;

    @Test
    void isWrittenLikeATensorInMemory() throws IOException {
        Tensor[] tensors = {Tensor.of("b", new float[] {1, 2, 3}, 3), Tensor.of("a", DType.F16, new float[] {4}, 1, 1)};
        Safetensors.write(folder.resolve("there"), Map.of("k", "v"), List.of(tensors));

        Safetensors.writeLazily(folder.resolve("lazy"), Map.of("k", "v"), List.of(
                lazy(tensors[0], arena -> arena.allocate(12).copyFrom(tensors[0].data())),
                lazy(tensors[1], arena -> tensors[1].data())));

        assertThat(folder.resolve("lazy")).hasSameBinaryContentAs(folder.resolve("there"));
    }

    @Test
    void isFreedBeforeTheNextIsComputed() {
        Tensor shape = Tensor.of("a", new float[] {1, 2}, 2);
        List<MemorySegment> made = new ArrayList<>();
        Function<Arena, MemorySegment> make = arena -> {
            assertThat(made).noneMatch(segment -> segment.scope().isAlive());
            made.add(arena.allocate(8));
            return made.getLast();
        };
        LazyTensor first = new LazyTensor("first", DType.F32, shape.shape(), make);
        LazyTensor second = new LazyTensor("second", DType.F32, shape.shape(), make);

        Safetensors.writeLazily(folder.resolve("lazy"), Map.of(), List.of(first, second));

        assertThat(made).hasSize(2).noneMatch(segment -> segment.scope().isAlive());
    }

    @Test
    void aWrongSizeIsAnErrorThatLeavesTheOldFile() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "old");
        LazyTensor wrong = lazy(Tensor.of("a", new float[] {1, 2}, 2), arena -> arena.allocate(4));

        assertThatThrownBy(() -> Safetensors.writeLazily(file, Map.of(), List.of(wrong)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("tensor a: expected 8 bytes, found 4");
        assertThat(folder).isDirectoryContaining(file::equals);
        assertThat(Files.readString(file)).isEqualTo("old");
    }

    private static LazyTensor lazy(Tensor tensor, Function<Arena, MemorySegment> data) {
        return new LazyTensor(tensor.name(), tensor.dtype(), tensor.shape(), data);
    }
}
