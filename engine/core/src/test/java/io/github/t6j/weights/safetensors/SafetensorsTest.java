package io.github.t6j.weights.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.ModelFormatException;
import io.github.t6j.TestNumbers;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.HandMadeFiles;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.checkpoint.Checkpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(60)
class SafetensorsTest {

    private static Safetensors parse(byte[] file) {
        return Safetensors.parse(HandMadeFiles.segment(file), "m.safetensors");
    }

    @Test
    void readsHandMadeBytes() {
        Safetensors file = parse(HandMadeFiles.safetensors("""
                {"__metadata__":{"format":"pt","tied":"b"},
                 "b":{"dtype":"U8","shape":[3],"data_offsets":[4,7]},
                 "empty":{"shape":[0,9],"data_offsets":[4,4],"dtype":"F64"},
                 "a":{"dtype":"BF16","shape":[2,1],"data_offsets":[0,4]}}""", 0x80, 0x3f, 0, 0xc0, 1, 2, 255));
        assertThat(file.metadata()).containsExactly(Map.entry("format", "pt"), Map.entry("tied", "b"));
        assertThat(file.tensors().keySet()).containsExactly("b", "empty", "a");
        assertThat(file.tensors().get("a").shape()).containsExactly(2L, 1L);
        assertThat(file.tensors().get("a").toFloats()).containsExactly(1f, -2f);
        assertThat(file.tensors().get("b").toFloats()).containsExactly(1f, 2f, 255f);
        assertThat(file.tensors().get("empty").elementCount()).isZero();
    }

    @Test
    void readsAFileWithoutTensors() {
        assertThat(parse(HandMadeFiles.safetensors("{}")).tensors()).isEmpty();
    }

    /** Each case has four bytes of data; quotes are omitted for legibility. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "{t:{dtype:Q8_0,shape:[1,32],data_offsets:[0,4]}} | Q8_0",
        "{t:{dtype:f32,shape:[1],data_offsets:[0,4]}} | f32",
        "{t:{dtype:F16,shape:[1],data_offsets:[0,4]}} | expects 2 bytes",
        "{t:{dtype:F64,shape:[1],data_offsets:[0,4]}} | expects 8 bytes",
        "{t:{dtype:F32,shape:[1],data_offsets:[0,4]},u:{dtype:F32,shape:[1],data_offsets:[0,4]}} | overlap",
        "{t:{dtype:U8,shape:[2],data_offsets:[0,2]}} | found 2 more bytes",
        "{t:{dtype:U8,shape:[2],data_offsets:[2,4]}} | gap",
        "{t:{dtype:F32,shape:[0],data_offsets:[4,8]}} | cut short",
        "{t:{dtype:F32,shape:[9223372036854775807],data_offsets:[0,4]}} | too large",
        "{t:{dtype:F32,shape:[0,9223372036854775807,9223372036854775807],data_offsets:[0,4]}} | expects 0 bytes",
        "{t:{dtype:F32,shape:[1],data_offsets:[0,9223372036854775807]}} | cut short",
        "{t:{dtype:F32,shape:[1],data_offsets:[0,9223372036854775808]}} | data_offsets",
        "{t:{dtype:F32,dtype:F32,shape:[1],data_offsets:[0,4]}} | dtype",
        "{t:{dtype:F8_E4M3,shape:[4],data_offsets:[0,4]}} | F8_E4M3",
        "{t:{shape:[1],data_offsets:[0,4]}} | dtype",
        "{t:{dtype:7,shape:[1],data_offsets:[0,4]}} | dtype",
        "{t:{dtype:F32,data_offsets:[0,4]}} | shape",
        "{t:{dtype:F32,shape:1,data_offsets:[0,4]}} | shape",
        "{t:{dtype:F32,shape:[-1],data_offsets:[0,4]}} | -1",
        "{t:{dtype:F32,shape:[-1,-1],data_offsets:[0,4]}} | -1",
        "{t:{dtype:F32,shape:[1.0],data_offsets:[0,4]}} | 1.0",
        "{t:{dtype:F32,shape:[null],data_offsets:[0,4]}} | null",
        "{t:{dtype:F32,shape:[18446744073709551617],data_offsets:[0,4]}} | 1.8446744073709552E19",
        "{t:{dtype:F32,shape:[1]}} | data_offsets",
        "{t:{dtype:F32,shape:[1],data_offsets:[0]}} | begin",
        "{t:{dtype:F32,shape:[1],data_offsets:[0,4,8]}} | begin",
        "{t:{dtype:F32,shape:[1],data_offsets:[4,0]}} | begin",
        "{t:{dtype:F32,shape:[1],data_offsets:[-4,0]}} | -4",
        "{t:{dtype:F32,shape:[1],data_offsets:[0,5]}} | cut short",
        "{t:{dtype:F32,shape:[1],data_offsets:[4,8]}} | cut short",
        "{t:{dtype:F32,shape:[2],data_offsets:[0,4]}} | expects 8 bytes",
        "{t:{dtype:F32,shape:[4611686018427387904,4],data_offsets:[0,4]}} | too large",
        "{t:{dtype:F32,shape:[4611686018427387905],data_offsets:[0,4]}} | too large",
        "{t:{dtype:F32,shape:[1],data_offsets:[0,4]},u:{dtype:U8,shape:[1],data_offsets:[3,4]}} | overlap",
        "{u:{dtype:U8,shape:[1],data_offsets:[0,1]},t:{dtype:U8,shape:[1],data_offsets:[3,4]}} | gap",
        "{u:{dtype:U8,shape:[3],data_offsets:[0,3]},t:5} | object",
        "{t:{dtype:F32,shape:[1],data_offsets:[0,4]},t:{dtype:F32,shape:[1],data_offsets:[0,4]}} | t",
    })
    void refusesBadTensors(String header, String expected) {
        byte[] file =
                HandMadeFiles.safetensors(header.replaceAll("([A-Za-z_]\\w*)", "\"$1\"").replace("\"null\"", "null"),
                        1, 2, 3, 4);
        assertThatThrownBy(() -> parse(file)).isInstanceOf(ModelFormatException.class)
                .hasMessageStartingWith("m.safetensors").hasMessageContaining(expected).hasMessageContaining("t");
    }

    @Test
    void refusesBadHeaders() {
        String good = "{\"t\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}";
        assertRefused(HandMadeFiles.safetensors(good, 1, 2), "1 more bytes");
        assertRefused(HandMadeFiles.safetensors(good.substring(1), 1), "JSON");
        assertRefused(HandMadeFiles.safetensors("[" + good + "]", 1), "object");
        assertRefused(HandMadeFiles.safetensors(good + "x", 1), "JSON");
        assertRefused(HandMadeFiles.safetensors("{\"__metadata__\":[]}"), "__metadata__");
        assertRefused(HandMadeFiles.safetensors("{\"__metadata__\":{\"a\":1}}"), "__metadata__");
        assertRefused(new byte[7], "7 bytes");
        assertRefused(withLength(good, 0), "length of 0");
        assertRefused(withLength(good, 1), "length of 1");
        assertRefused(withLength(good, -1), "18446744073709551615");
        assertRefused(withLength(good, Long.MIN_VALUE), "9223372036854775808");
        assertRefused(withLength(good, 100_000_001), "100000001");
        assertRefused(withLength(good, 1000), "cut short");
    }

    @Test
    void cutAnywhereIsAnError() throws IOException {
        byte[] good =
                Files.readAllBytes(HandMadeFiles.GOLDEN.resolve("pickle_variants/dtypes.bin.expected.safetensors"));
        for (int length = 0; length < good.length; length++) {
            byte[] cut = Arrays.copyOf(good, length);
            assertThatThrownBy(() -> parse(cut)).as("%d bytes", length).isInstanceOf(ModelFormatException.class)
                    .hasMessageStartingWith("m.safetensors: ").hasMessageContaining("expected");
        }
        for (int more : new int[] {1, 8, 4096}) {
            assertRefused(Arrays.copyOf(good, good.length + more), "found " + more + " more bytes");
        }
    }

    /** A wrong header length cuts into the header, or makes the tensors' bytes part of the JSON. */
    @Test
    void everyWrongHeaderLengthIsAnError() {
        String header = "{\"t\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}";
        for (int length = 0; length < header.length() + 20; length++) {
            if (length != header.length()) {
                assertRefused(withLength(header, length), "m.safetensors");
            }
        }
    }

    private static byte[] withLength(String header, long length) {
        byte[] file = HandMadeFiles.safetensors(header, 1);
        ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putLong(0, length);
        return file;
    }

    private static void assertRefused(byte[] file, String expected) {
        assertThatThrownBy(() -> parse(file)).isInstanceOf(ModelFormatException.class)
                .hasMessageStartingWith("m.safetensors").hasMessageContaining(expected);
    }

    @Test
    void anyDamageIsAnErrorOrStillReadable() throws IOException {
        byte[] good =
                Files.readAllBytes(HandMadeFiles.GOLDEN.resolve("pickle_variants/dtypes.bin.expected.safetensors"));
        for (int seed = 0; seed < 5000; seed++) {
            byte[] bad = HandMadeFiles.damaged(good, new Random(seed));
            try {
                parse(bad).tensors().values().forEach(Tensor::toFloats);
            } catch (ModelFormatException e) {
                assertThat(e.getMessage()).as("seed %d", seed).startsWith("m.safetensors");
            } catch (RuntimeException | Error e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
    }

    static Stream<Path> goldenModels() throws IOException {
        try (Stream<Path> files = Files.walk(HandMadeFiles.GOLDEN)) {
            return files.filter(file -> file.endsWith("model.safetensors")).sorted().toList().stream();
        }
    }

    @ParameterizedTest
    @MethodSource("goldenModels")
    void writesTheBytesThatTheOfficialLibraryWrites(Path golden, @TempDir Path folder) throws IOException {
        Safetensors file = Safetensors.read(golden, Arena.ofAuto());
        Path copy = folder.resolve("copy.safetensors");
        Safetensors.write(copy, file.metadata(), List.copyOf(file.tensors().values()));
        assertThat(Files.mismatch(copy, golden)).isEqualTo(-1);
    }

    @Test
    void writesAnAlignedHeaderInTheOrderGiven(@TempDir Path folder) throws IOException {
        Path path = folder.resolve("x.safetensors");
        Safetensors.write(path, Map.of(), List.of(Tensor.of("b", DType.BF16, new float[] {1, -2, 3}, 3),
                Tensor.of("a", new float[] {1}), Tensor.of("none", new float[0], 0, 2)));
        byte[] bytes = Files.readAllBytes(path);
        String header = "{\"b\":{\"dtype\":\"BF16\",\"shape\":[3],\"data_offsets\":[0,6]},"
                + "\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[6,10]},"
                + "\"none\":{\"dtype\":\"F32\",\"shape\":[0,2],\"data_offsets\":[10,10]}}";
        String padded = header + " ".repeat(-header.length() & 7);
        assertThat(bytes).isEqualTo(
                HandMadeFiles.safetensors(padded, 0x80, 0x3f, 0, 0xc0, 0x40, 0x40, 0, 0, 0x80, 0x3f));
    }

    /** More bytes than the writer's buffer holds, and not a multiple of it. */
    @Test
    void writesLargeTensors(@TempDir Path folder) {
        float[] values = TestNumbers.uniform(new Random(1), 700_001);
        Path path = folder.resolve("x.safetensors");
        Safetensors.write(path, Map.of("a", "b"), List.of(Tensor.of("x", values, values.length)));
        Safetensors read = Safetensors.read(path, Arena.ofAuto());
        assertThat(read.metadata()).isEqualTo(Map.of("a", "b"));
        assertThat(Arrays.equals(read.tensors().get("x").toFloats(), values)).isTrue();
    }

    @Test
    void replacesTheFileFromWhichItsTensorsAreMapped(@TempDir Path folder) throws IOException {
        Path path = folder.resolve("model.safetensors");
        Path golden = HandMadeFiles.GOLDEN.resolve("T6_odd/model.safetensors");
        Files.copy(golden, path);
        try (Checkpoint checkpoint = Checkpoint.open(path, true)) {
            Safetensors.write(path, checkpoint.metadata(), List.copyOf(checkpoint.tensors().values()));
        }
        assertThat(Files.mismatch(path, golden)).isEqualTo(-1);
    }

    @Test
    void aFailureLeavesTheOldFile(@TempDir Path folder) throws IOException {
        Path path = folder.resolve("x.safetensors");
        Files.writeString(path, "precious");
        Tensor freed;
        try (Arena arena = Arena.ofConfined()) {
            freed = new Tensor("x", DType.U8, List.of(4L), arena.allocate(4));
        }
        assertThatThrownBy(() -> Safetensors.write(path, Map.of(), List.of(freed)))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> Safetensors.write(path, Map.of(), List.of(Tensor.of("x", new float[1], 1),
                Tensor.of("x", new float[1], 1)))).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("x");
        assertThatThrownBy(() -> Safetensors.write(path, Map.of(), List.of(Tensor.of("__metadata__", new float[1], 1))))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(Files.readString(path, StandardCharsets.UTF_8)).isEqualTo("precious");
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactly(path);
        }
    }

    @Test
    void namesAFileThatCannotBeWritten(@TempDir Path folder) {
        Path path = folder.resolve("none/x.safetensors");
        assertThatThrownBy(() -> Safetensors.write(path, Map.of(), List.of())).isInstanceOf(UncheckedIOException.class)
                .hasMessageStartingWith(path + ": cannot be written: ");
    }
}
