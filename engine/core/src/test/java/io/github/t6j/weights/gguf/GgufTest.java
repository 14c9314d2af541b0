package io.github.t6j.weights.gguf;

import static io.github.t6j.weights.GgufFile.ARRAY;
import static io.github.t6j.weights.GgufFile.BOOL;
import static io.github.t6j.weights.GgufFile.FLOAT;
import static io.github.t6j.weights.GgufFile.I32;
import static io.github.t6j.weights.GgufFile.STRING;
import static io.github.t6j.weights.GgufFile.U32;
import static io.github.t6j.weights.GgufFile.U64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.github.t6j.ModelFormatException;
import io.github.t6j.TestData;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.GgufFile;
import io.github.t6j.weights.HandMadeFiles;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.checkpoint.Checkpoint;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(60)
class GgufTest {
    private static final byte[] FOUR = {0, 0, (byte) 0x80, 0x3f};

    private static Gguf parse(byte[] file) {
        return Gguf.parse(HandMadeFiles.segment(file), "m.gguf");
    }

    @Test
    void readsHandMadeValues() {
        Map<String, Object> metadata = parse(new GgufFile()
                .key("u8", 0, (byte) 200).key("i8", 1, (byte) -56).key("u16", 2, (short) -2).key("i16", 3, (short) -2)
                .key("u32", U32, -1).key("i32", I32, -1).key("f32", FLOAT, 0.1f).key("no", BOOL, (byte) 0)
                .key("yes", BOOL, (byte) 1).key("string", STRING, "für 🐋\n").key("u64", U64, 1L << 40)
                .key("i64", 11, -7L)
                .key("f64", 12, 0.1)
                .key("bytes", ARRAY, 0, 2L, (byte) 1, (byte) -1).key("shorts", ARRAY, 3, 1L, (short) -3)
                .key("ints", ARRAY, I32, 3L, 7, -8, 9).key("floats", ARRAY, FLOAT, 1L, 0.5f)
                .key("bools", ARRAY, BOOL, 2L, (byte) 1, (byte) 0).key("longs", ARRAY, U64, 1L, 1L << 50)
                .key("doubles", ARRAY, 12, 1L, 0.25).key("none", ARRAY, I32, 0L)
                .key("strings", ARRAY, STRING, 3L, "a", "", "ß").make()).metadata();
        assertThat(metadata.keySet()).startsWith("u8", "i8").hasSize(22);
        assertThat(metadata).containsEntry("u8", 200L).containsEntry("i8", -56L).containsEntry("u16", 65534L)
                .containsEntry("i16", -2L).containsEntry("u32", 4294967295L).containsEntry("i32", -1L)
                .containsEntry("f32", (double) 0.1f).containsEntry("no", false).containsEntry("yes", true)
                .containsEntry("string", "für 🐋\n").containsEntry("u64", 1L << 40).containsEntry("i64", -7L)
                .containsEntry("f64", 0.1).containsEntry("strings", List.of("a", "", "ß"))
                .containsEntry("bytes", new byte[] {1, -1}).containsEntry("shorts", new short[] {-3})
                .containsEntry("ints", new int[] {7, -8, 9}).containsEntry("floats", new float[] {0.5f})
                .containsEntry("bools", new boolean[] {true, false}).containsEntry("longs", new long[] {1L << 50})
                .containsEntry("doubles", new double[] {0.25}).containsEntry("none", new int[0]);
    }

    @ParameterizedTest
    @MethodSource("versionsAndAlignments")
    void readsHandMadeTensors(int version, int alignment) {
        byte[] file = new GgufFile().version(version).alignment(alignment).key("general.alignment", alignment)
                .floats("matrix", new float[] {1, 2, 3, 4, 5, 6}, 2, 3)
                .tensor("half", 1, GgufFile.bytes((short) 0x3c00, (short) 0xc000), 2)
                .tensor("brain", 30, GgufFile.bytes((short) 0x3f80), 1, 1, 1)
                .tensor("eight", 8, block(34, 0x3c), 1, 32)
                .tensor("four", 2, block(18, 0x3c), 1, 32)
                .tensor("large", 12, new byte[2 * 144], 2, 256).make();
        Map<String, Tensor> tensors = parse(file).tensors();
        assertThat(tensors.keySet()).containsExactly("matrix", "half", "brain", "eight", "four", "large");
        assertThat(tensors.get("matrix").shape()).containsExactly(2L, 3L);
        assertThat(tensors.get("matrix").toFloats()).containsExactly(1, 2, 3, 4, 5, 6);
        assertThat(tensors.get("half").toFloats()).containsExactly(1, -2);
        assertThat(tensors.get("brain").dtype()).isEqualTo(DType.BF16);
        assertThat(tensors.get("brain").toFloats()).containsExactly(1);
        assertThat(tensors.get("eight").toFloats()).startsWith(7, 0).endsWith(0, 0);
        assertThat(tensors.get("four").toFloats()).startsWith(-1, -8).endsWith(-8, -8); // 7 - 8
        assertThat(tensors.get("large").shape()).containsExactly(2L, 256L);
        assertThat(tensors.get("large").dtype()).isEqualTo(DType.Q4_K);
    }

    static Stream<Arguments> versionsAndAlignments() {
        return Stream.of(Arguments.of(3, 32), Arguments.of(2, 32), Arguments.of(3, 1), Arguments.of(3, 4096));
    }

    /** Returns a block whose scale has the upper byte {@code scale}, followed by 7 and zeros. */
    private static byte[] block(int bytes, int scale) {
        byte[] block = new byte[bytes];
        block[1] = (byte) scale;
        block[2] = 7;
        return block;
    }

    @Test
    void dataMayBeInAnyOrderWithGaps() {
        byte[] file = new GgufFile().info("b", 1, 1L, 0, 64L).info("a", 1, 1L, 0, 0L).data(FOUR).data(new byte[4])
                .data(GgufFile.bytes(2f)).make();
        assertThat(parse(file).tensors().get("b").toFloats()).containsExactly(2f);
        assertThat(parse(file).tensors().get("a").toFloats()).containsExactly(1f);
    }

    @Test
    void aFileOfKeysOnlyIsRead() {
        assertThat(parse(new GgufFile().make()).tensors()).isEmpty();
        assertThat(parse(new GgufFile().key("k", 1).make()).metadata()).containsExactly(Map.entry("k", 1L));
    }

    private static Arguments bad(GgufFile file, String expected) {
        return Arguments.of(expected, file.make(), expected);
    }

    private static GgufFile info(Object... values) {
        return new GgufFile().info(values).data(FOUR);
    }

    static Stream<Arguments> hostile() {
        return Stream.of(
                bad(new GgufFile().version(1), "version: expected 2 or 3, found 1: convert"),
                bad(new GgufFile().version(4), "version: expected 2 or 3, found 4"),
                bad(new GgufFile().version(3 << 24), "big-endian"),
                bad(new GgufFile().version(-1), "found 4294967295"),
                bad(new GgufFile().counts(-1, 0),
                        "number of tensors: expected at most 65536, found 18446744073709551615"),
                bad(new GgufFile().counts(0, Long.MIN_VALUE), "number of keys: expected at most 65536, found 92233720"),
                bad(new GgufFile().counts(65537, 0), "found 65537"),
                bad(new GgufFile().alignment(1).counts(1, 0), "tensor 0: expected 8 bytes at 24, found only"),
                bad(new GgufFile().alignment(1).counts(0, 1), "key 0: expected 8 bytes at 24, found only"),
                // keys
                bad(new GgufFile().key("", 1), "key 0: expected a name, found an empty string"),
                bad(new GgufFile().key("a\nb", 1), "control characters"),
                bad(new GgufFile().key("k".repeat(1025), 1), "key 0: expected a string of at most 1024 bytes"),
                bad(new GgufFile().key("k", 1).key("k", 2), "key k: expected a unique name, found a duplicate"),
                bad(new GgufFile().key("k", 13, (byte) 0), "key k: expected a value type from 0 to 12, found 13"),
                bad(new GgufFile().key("k", -1, 7), "key k: expected a value type from 0 to 12, found 4294967295"),
                bad(new GgufFile().key("k", BOOL, (byte) 2), "key k: expected a bool of 0 or 1, found 2"),
                bad(new GgufFile().key("k", STRING, Long.MIN_VALUE),
                        "key k: expected a string of 9223372036854775808 b"),
                bad(new GgufFile().key("k", STRING, Long.MAX_VALUE),
                        "key k: expected a string of 9223372036854775807 b"),
                bad(new GgufFile().key("k", STRING, -1L), "key k: expected a string of 18446744073709551615 bytes"),
                bad(new GgufFile().key("k", STRING, 1L, (byte) 0xff), "key k: expected UTF-8"),
                bad(new GgufFile().key("k", ARRAY, ARRAY, 1L, U32, 1L, 7),
                        "key k: expected an array of numbers or strings"),
                bad(new GgufFile().key("k", ARRAY, 99, 1L), "key k: expected a value type from 0 to 12, found 99"),
                bad(new GgufFile().key("k", ARRAY, U64, 1L << 61), "an array of 2305843009213693952 elements"),
                bad(new GgufFile().key("k", ARRAY, U64, -1L), "an array of 18446744073709551615 elements"),
                bad(new GgufFile().key("k", ARRAY, 0, Long.MIN_VALUE), "an array of 9223372036854775808 elements"),
                bad(new GgufFile().key("k", ARRAY, STRING, 1L << 30), "an array of 1073741824 elements"),
                bad(new GgufFile().key("k", ARRAY, STRING, 1L, Long.MAX_VALUE),
                        "a string of 9223372036854775807 bytes"),
                bad(new GgufFile().key("k", ARRAY, BOOL, 1L, (byte) 7), "a bool of 0 or 1, found 7"),
                // alignments
                bad(new GgufFile().key("general.alignment", 0), "general.alignment: expected a power of two"),
                bad(new GgufFile().key("general.alignment", 33), "found 33"),
                bad(new GgufFile().key("general.alignment", -1), "found 4294967295"),
                bad(new GgufFile().key("general.alignment", U64, Long.MIN_VALUE), "found -9223372036854775808"),
                bad(new GgufFile().key("general.alignment", U64, 1L << 62), "found 4611686018427387904"),
                bad(new GgufFile().key("general.alignment", FLOAT, 32f), "found 32.0"),
                bad(new GgufFile().key("general.alignment", "32"), "found a value that is not a number"),
                bad(new GgufFile().key("general.alignment", 64).info("t", 1, 1L, 0, 32L).data(new byte[256]),
                        "tensor t: expected an offset that is a multiple of 64, found 32"),
                bad(new GgufFile().key("general.alignment", 1 << 30).info("t", 1, 1L, 0, 0L).data(FOUR), "cut short"),
                // tensors
                bad(info("", 1, 1L, 0, 0L), "tensor 0: expected a name"),
                bad(info("t", 0, 0, 0L), "tensor t: expected 1 to 4 dimensions, found 0"),
                bad(info("t", 5, 1L, 1L, 1L, 1L, 1L, 0, 0L), "tensor t: expected 1 to 4 dimensions, found 5"),
                bad(info("t", -1, 1L, 0, 0L), "tensor t: expected 1 to 4 dimensions, found 4294967295"),
                bad(info("t", 1, 0L, 0, 0L), "tensor t: expected sizes from 1 to 2147483647, found 0"),
                bad(info("t", 2, 1L, 0L, 0, 0L), "tensor t: expected sizes from 1 to 2147483647, found 0"),
                bad(info("t", 1, -1L, 0, 0L), "found 18446744073709551615"),
                bad(info("t", 2, 1L << 31, 1L, 0, 0L), "found 2147483648"),
                bad(info("t", 4, 1L << 30, 1L << 30, 1L << 30, 1L << 30, 0, 0L),
                        "tensor t: expected a shape that fits"),
                bad(info("t", 2, 1L << 30, 1L << 30, 0, 0L), "tensor t: expected 4611686018427387904 bytes of data"),
                bad(info("t", 3, 2147483647L, 2147483647L, 2L, 0, 0L), "tensor t: expected a shape that fits"),
                bad(info("t", 1, 1L, 0, 1L), "tensor t: expected an offset that is a multiple of 32, found 1"),
                bad(info("t", 1, 1L, 0, -32L), "found 18446744073709551584"),
                bad(info("t", 1, 1L, 0, 32L), "tensor t: expected 4 bytes of data from 32, found only 0"),
                bad(info("t", 1, 1L, 0, Long.MAX_VALUE - 31), "found only 0: the file is cut short"),
                bad(info("t", 1, 9L, 0, 0L), "tensor t: expected 36 bytes of data from 0, found only 32"),
                bad(info("t", 1, 1L, 0, 0L).info("t", 1, 1L, 0, 32L).data(FOUR), "tensor t: expected a unique name"),
                bad(info("t", 1, 1L, 0, 0L).info("u", 1, 1L, 0, 0L), "overlap"),
                bad(info("t", 1, 16L, 0, 0L).data(FOUR).info("u", 1, 1L, 0, 32L), "ends at 64, found 32: they overlap"),
                // types
                bad(info("t", 1, 1L, 10, 0L), "tensor t: expected one of the types F32, F16, "),
                bad(info("t", 2, 256L, 1L, 10, 0L), "found Q2_K (10)"),
                bad(info("t", 2, 256L, 1L, 23, 0L), "found IQ4_XS (23)"),
                bad(info("t", 1, 1L, 28, 0L), "found F64 (28)"),
                bad(info("t", 1, 1L, 99, 0L), "found an unknown type (99)"),
                bad(info("t", 1, 1L, -1, 0L), "found an unknown type (4294967295)"),
                bad(info("t", 2, 33L, 1L, 8, 0L), "rows of a multiple of 32 elements as Q8_0, found shape [1, 33]"),
                bad(info("t", 2, 31L, 1L, 2, 0L), "rows of a multiple of 32 elements as Q4_0"),
                bad(info("t", 2, 16L, 2L, 6, 0L), "rows of a multiple of 32 elements as Q5_0"),
                bad(info("t", 2, 128L, 2L, 12, 0L), "rows of a multiple of 256 elements as Q4_K"),
                bad(info("t", 2, 288L, 1L, 14, 0L), "rows of a multiple of 256 elements as Q6_K"),
                bad(info("t", 1, 32L, 8, 0L), "a matrix with rows"),
                bad(info("t", 4, 32L, 1L, 1L, 1L, 8, 0L), "a matrix with rows"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("hostile")
    void refusesHostileFiles(String name, byte[] file, String expected) {
        assertThatThrownBy(() -> parse(file)).isInstanceOf(ModelFormatException.class)
                .hasMessageStartingWith("m.gguf: ").hasMessageContaining(expected).hasMessageContaining("expected")
                .extracting(Throwable::getMessage).asString().doesNotContain("\n");
    }

    @Test
    void otherFilesAreNotGguf() {
        for (byte[] file : List.of(new byte[0], new byte[3], "GGUE".getBytes(), "{\"a\":1}".getBytes())) {
            assertThatThrownBy(() -> parse(file)).isInstanceOf(ModelFormatException.class)
                    .hasMessage("m.gguf: expected GGUF as the first bytes, found others: not a GGUF file");
        }
    }

    @Test
    void aFileCutShortAnywhereIsRefused() {
        byte[] good = new GgufFile().key("general.architecture", "llama").key("k", ARRAY, STRING, 2L, "a", "bc")
                .key("n", ARRAY, FLOAT, 3L, 1f, 2f, 3f).key("b", BOOL, (byte) 1)
                .floats("t", new float[] {1, 2}, 1, 2).tensor("q", 8, new byte[34], 1, 32).make();
        int end = good.length - 30; // the last tensor has 34 bytes, aligned to 64: the file may lack the padding
        assertThat(parse(Arrays.copyOf(good, end)).tensors()).hasSize(2);
        for (int length = 0; length < end; length++) {
            byte[] cut = Arrays.copyOf(good, length);
            assertThatThrownBy(() -> parse(cut)).as("%d bytes", length).isInstanceOf(ModelFormatException.class)
                    .hasMessageStartingWith("m.gguf: ").hasMessageContaining("expected").hasMessageContaining("found");
        }
    }

    @Test
    void anyDamageIsAnErrorOrStillReadable() throws IOException {
        byte[] good = Files.readAllBytes(TestData.path("golden_llama/gguf-llama3/model-q8_0.gguf"));
        for (int seed = 0; seed < 2000; seed++) {
            Random random = new Random(seed);
            byte[] bad = HandMadeFiles.damaged(good, random);
            bad[random.nextInt(4, 3000)] ^= (byte) (1 << random.nextInt(8)); // among the keys and the tensors' entries
            try {
                Gguf file = parse(bad);
                file.tensors().values().forEach(Tensor::toFloats);
                file.metadata().values().forEach(Object::toString);
            } catch (ModelFormatException e) {
                assertThat(e.getMessage()).as("seed %d", seed).startsWith("m.gguf: ");
            } catch (RuntimeException | Error e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
    }

    @Test
    void aStringThatIsNotUtf8IsNamedOnAccess() {
        Object array =
                parse(new GgufFile().key("k", ARRAY, STRING, 2L, "a", 1L, (byte) 0x80).make()).metadata().get("k");
        List<?> strings = (List<?>) array;
        assertThat(strings.get(0)).isEqualTo("a");
        assertThatThrownBy(() -> strings.get(1)).isInstanceOf(ModelFormatException.class)
                .hasMessage("m.gguf: key k: element 1: expected UTF-8, found other bytes: the file is damaged");
        assertThatThrownBy(() -> strings.get(2)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    private static long allocatedBy(Runnable run) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        run.run();
        return threads.getCurrentThreadAllocatedBytes() - before;
    }

    @Test
    void aVocabularyTakesLittleMemory() {
        int size = 150_000;
        String[] words = IntStream.range(0, size).mapToObj(i -> "word" + i).toArray(String[]::new);
        byte[] file = new GgufFile().key("tokens", ARRAY, STRING, (long) size, GgufFile.bytes((Object[]) words))
                .key("types", ARRAY, I32, (long) size, new byte[4 * size]).make();
        parse(file); // loads the classes
        assertThat(allocatedBy(() -> assertThat(parse(file).tensors()).isEmpty())).isLessThan(40L * size);
        assertThat(parse(file).metadata().get("tokens")).isEqualTo(List.of(words));
    }

    /** A file of the stated length; the part with the data is sparse. */
    @Test
    void headersAreLimitedInLength(@TempDir Path folder) throws IOException {
        for (byte[] start : List.of(
                new GgufFile().alignment(1).key("k", ARRAY, 0, 200L << 20).make(),
                new GgufFile().alignment(1).key("k", STRING, 200L << 20).make(),
                new GgufFile().alignment(1).key("k", STRING, (128L << 20) - 9).make())) {
            Path file = Files.write(folder.resolve("m.gguf"), start);
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.write(ByteBuffer.allocate(1), 300 << 20);
            }
            long allocated = allocatedBy(() -> assertThatThrownBy(() -> Checkpoint.open(file, true))
                    .isInstanceOf(ModelFormatException.class).hasMessageStartingWith(file + ": key k: expected "));
            assertThat(allocated).isLessThan(16 << 20);
        }
    }

    @Test
    void hugeCountsAllocateNoMemory() {
        for (GgufFile file : List.of(
                new GgufFile().key("k", ARRAY, STRING, 1L << 40), new GgufFile().key("k", ARRAY, 0, 1L << 31),
                new GgufFile().key("k", STRING, 1L << 31), new GgufFile().counts(Long.MAX_VALUE, Long.MAX_VALUE),
                new GgufFile().counts(65536, 65536), info("t", 1, 2147483647L, 0, 0L))) {
            byte[] bytes = file.make();
            assertThat(
                    allocatedBy(() -> assertThatThrownBy(() -> parse(bytes)).isInstanceOf(ModelFormatException.class)))
                    .isLessThan(16 << 20);
        }
    }
}
