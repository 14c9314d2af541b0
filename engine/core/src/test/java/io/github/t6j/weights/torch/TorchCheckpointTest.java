package io.github.t6j.weights.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.ModelFormatException;
import io.github.t6j.weights.HandMadeFiles;
import io.github.t6j.weights.Pickle;
import io.github.t6j.weights.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class TorchCheckpointTest {
    private static final Path VARIANTS = HandMadeFiles.GOLDEN.resolve("pickle_variants");

    static Stream<String> variants() throws IOException {
        try (Stream<Path> files = Files.list(VARIANTS)) {
            List<String> names = files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".bin") || name.endsWith(".pt")).sorted().toList();
            assertThat(names).hasSizeGreaterThanOrEqualTo(12);
            return names.stream();
        }
    }

    /** Names of the zip files: legacy files have no checksums. */
    static Stream<String> zipVariants() throws IOException {
        return variants().filter(name -> !name.startsWith("legacy"));
    }

    private static Map<String, Tensor> parse(byte[] file) {
        return TorchCheckpoint.parse(HandMadeFiles.segment(file), Arena.ofAuto(), "m.bin");
    }

    @ParameterizedTest
    @MethodSource("variants")
    void readsLikeTorch(String name) throws IOException {
        Map<String, Tensor> expected =
                HandMadeFiles.golden("pickle_variants/" + name + ".expected.safetensors").tensors();
        HandMadeFiles.assertSameTensors(parse(Files.readAllBytes(VARIANTS.resolve(name))), expected);
    }

    @ParameterizedTest
    @MethodSource("variants")
    void anyDamageIsAnErrorOrStillReadable(String name) throws IOException {
        byte[] good = Files.readAllBytes(VARIANTS.resolve(name));
        for (int seed = 0; seed < 3000; seed++) {
            readDamaged(HandMadeFiles.damaged(good, new Random(seed)), name + ", seed " + seed);
        }
    }

    @ParameterizedTest
    @MethodSource("variants")
    void cutAnywhereIsAnError(String name) throws IOException {
        byte[] good = Files.readAllBytes(VARIANTS.resolve(name));
        for (int length = 1; length < good.length; length++) {
            byte[] cut = Arrays.copyOf(good, length);
            assertThatThrownBy(() -> parse(cut)).as("%d bytes", length).isInstanceOf(ModelFormatException.class)
                    .hasMessageStartingWith("m.bin: ");
        }
    }

    /** Changes bytes of every record: the data of a tensor is stored twice, or has a checksum. */
    @ParameterizedTest
    @MethodSource("zipVariants")
    void aChangedByteIsAnErrorOrHarmless(String name) throws IOException {
        byte[] file = Files.readAllBytes(VARIANTS.resolve(name));
        Map<String, Tensor> expected = parse(file.clone());
        for (int at = 0; at < file.length; at++) {
            byte before = file[at];
            for (int change : new int[] {1, 0xff - before}) {
                file[at] = (byte) (before + change);
                try {
                    HandMadeFiles.assertSameTensors(parse(file), expected);
                } catch (ModelFormatException e) {
                    assertThat(e.getMessage()).as("byte %d as %d", at, file[at]).startsWith("m.bin: ");
                } catch (RuntimeException | Error e) {
                    throw new AssertionError("byte " + at + " as " + file[at], e);
                }
            }
            file[at] = before;
        }
    }

    /** Changes each bit of the pickle and of a storage, in a file with checksums by torch. */
    @Test
    void aChangedBitIsAnError() throws IOException {
        byte[] file = Files.readAllBytes(VARIANTS.resolve("hf_dict.bin"));
        Map<String, ZipDirectory.Entry> entries = ZipDirectory.entries(HandMadeFiles.segment(file), "m.bin");
        for (String name : List.of("hf_dict/data.pkl", "hf_dict/data/0")) {
            MemorySegment data = entries.get(name).data();
            for (long bit = 0; bit < 8 * data.byteSize(); bit++) {
                byte before = data.get(ValueLayout.JAVA_BYTE, bit / 8);
                data.set(ValueLayout.JAVA_BYTE, bit / 8, (byte) (before ^ 1 << bit % 8));
                assertThatThrownBy(() -> parse(file)).as("bit %d of %s", bit, name)
                        .isInstanceOf(ModelFormatException.class).hasMessageContainingAll("m.bin", name, "CRC-32");
                data.set(ValueLayout.JAVA_BYTE, bit / 8, before);
            }
        }
        assertThat(parse(file)).isNotEmpty();
    }

    private static void readDamaged(byte[] bad, String what) {
        try {
            parse(bad).values().forEach(Tensor::toFloats);
        } catch (ModelFormatException e) {
            assertThat(e.getMessage()).as(what).startsWith("m.bin: ");
        } catch (RuntimeException | Error e) {
            throw new AssertionError(what, e);
        }
    }

    /** Returns a file with the given data.pkl, and the F32 elements 0, 1, … 5 as storage 0. */
    private static byte[] file(byte[] pickle) throws IOException {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        entries.put("m/data.pkl", pickle);
        entries.put("m/data/0", sixFloats());
        return HandMadeFiles.zip(entries);
    }

    private static byte[] sixFloats() {
        ByteBuffer elements = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < 6; i++) {
            elements.putFloat(i);
        }
        return elements.array();
    }

    private static Pickle dict(String key) {
        return new Pickle().op('}').string(key);
    }

    private static void assertRefused(byte[] pickle, String... expected) throws IOException {
        byte[] file = file(pickle);
        assertThatThrownBy(() -> parse(file)).isInstanceOf(ModelFormatException.class).hasMessageStartingWith("m.bin: ")
                .hasMessageContainingAll(expected);
    }

    @Test
    void readsAHandMadeFile() throws IOException {
        byte[] pickle = dict("w").tensor("0", 6, 1, new int[] {2, 2}, 3, 1).op('s').stop();
        Tensor w = parse(file(pickle)).get("w");
        assertThat(w.shape()).containsExactly(2L, 2L);
        assertThat(w.toFloats()).containsExactly(1f, 2f, 4f, 5f);
    }

    @ParameterizedTest
    @CsvSource({"posix, system", "os, system", "builtins, eval", "__builtin__, exec", "subprocess, Popen",
        "torch, load", "torch.nn.modules.linear, Linear", "numpy.core.multiarray, scalar", "collections, deque",
        "torch.storage, _load_from_bytes"})
    void refusesOtherGlobals(String module, String name) throws IOException {
        byte[] byName = new Pickle().global(module, name).string("echo").op(0x85, 'R').stop();
        assertRefused(byName, "\"" + module + " " + name + "\"", "state_dict", "safetensors");
        byte[] fromStack = new Pickle().string(module).string(name).op(0x93).stop();
        assertRefused(fromStack, "\"" + module + " " + name + "\"", "state_dict", "safetensors");
    }

    @Test
    void refusesOtherOpcodes() throws IOException {
        assertRefused(new Pickle().op('(').string("x").op('i').text("os\nsystem\n").stop(), "INST", "state_dict");
        assertRefused(new Pickle().global("collections", "OrderedDict").op(')').op(0x81).stop(), "NEWOBJ");
        assertRefused(new Pickle().op(0x82, 1).stop(), "EXT");
        assertRefused(new Pickle().op('P').text("1\n").stop(), "0x50", "safetensors");
        assertRefused(new Pickle().op(0x80, 6).stop(), "protocol");
    }

    @Test
    void refusesCallsWithoutMeaning() throws IOException {
        assertRefused(new Pickle().string("f").op(')').op('R').stop(), "\"f\"");
        assertRefused(new Pickle().global("torch", "FloatStorage").op(')').op('R').stop(), "FloatStorage");
        assertRefused(new Pickle().global("collections", "OrderedDict").op('N', 'R').stop(), "OrderedDict");
        assertRefused(new Pickle().global("torch._utils", "_rebuild_tensor_v2").op(')').op('R').stop(), "argument 0");
        Pickle parameter = new Pickle().global("torch._utils", "_rebuild_parameter");
        assertRefused(parameter.string("x").op(0x85, 'R').stop(), "argument 0", "_rebuild_parameter", "\"x\"");
        assertRefused(new Pickle().string("storage").op(0x85, 'Q').stop(), "storage");
        assertRefused(new Pickle().string("module").op(0x85, 'Q').stop(), "\"module\"");
        assertRefused(new Pickle().global("torch", "FloatStorage").op('}', 'b').stop(), "FloatStorage");
    }

    @Test
    void refusesViewsOutsideTheirStorage() throws IOException {
        assertView(new int[] {7}, 0, 1);
        assertView(new int[] {6}, 1, 1);
        assertView(new int[] {2, 3}, 0, 4, 1);
        assertView(new int[] {1}, -1, 1);
        assertView(new int[] {2}, 0, -1);
        assertView(new int[] {-1}, 0, 1);
        assertView(new int[] {2, 2}, 0, 1);
        assertView(new int[] {Integer.MAX_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE}, 0, 0, 0, 0);
        assertView(new int[] {Integer.MAX_VALUE, Integer.MAX_VALUE}, 0, Integer.MAX_VALUE, Integer.MAX_VALUE);
        assertView(new int[65], 0, new int[65]);
    }

    private static void assertView(int[] shape, int offset, int... strides) throws IOException {
        assertRefused(dict("w").tensor("0", 6, offset, shape, strides).op('s').stop(), "tensor w");
    }

    @Test
    void refusesAViewThatNeedsTooMuchMemory() throws IOException {
        int[] shape = {2_000_000_000, 2};
        assertRefused(dict("w").tensor("0", 6, 0, shape, 0, 0).op('s').stop(), "tensor w", "contiguous");
    }

    @Test
    void refusesStoragesOfOtherSizes() throws IOException {
        assertRefused(dict("w").tensor("1", 6, 0, new int[] {6}, 1).op('s').stop(), "w", "storage 1");
        assertRefused(dict("w").tensor("0", 5, 0, new int[] {5}, 1).op('s').stop(), "w", "storage 0", "24");
        assertRefused(dict("w").tensor("0", -6, 0, new int[] {6}, 1).op('s').stop(), "storage 0", "-6");
        Pickle two = new Pickle().op('}').string("a").tensor("0", 6, 0, new int[] {6}, 1).op('s');
        byte[] pickle = two.string("b").tensor("0", 5, 0, new int[] {5}, 1).op('s').stop();
        assertRefused(pickle, "storage 0 to be 6 × F32", "5 × F32");
    }

    /** Replaces, one at a time, each number of a tensor: elements of its storage, offset, shape and strides. */
    @ParameterizedTest
    @ValueSource(
            strings = {"-1", "7", "2147483648", "4611686018427387904", "9223372036854775807", "-9223372036854775808",
                "9223372036854775808", "18446744073709551617"})
    void everyNumberIsChecked(BigInteger wrong) throws IOException {
        for (int place = 0; place < 6; place++) {
            BigInteger[] numbers = Stream.of(6, 0, 2, 3, 3, 1).map(BigInteger::valueOf).toArray(BigInteger[]::new);
            numbers[place] = wrong;
            Pickle pickle = dict("w").global("torch._utils", "_rebuild_tensor_v2").op('(').op('(').string("storage");
            pickle.global("torch", "FloatStorage").string("0").string("cpu").integer(numbers[0]).op('t').op('Q');
            pickle.integer(numbers[1]).integer(numbers[2]).integer(numbers[3]).op(0x86);
            pickle.integer(numbers[4]).integer(numbers[5]).op(0x86, 0x89, 'N').op('t').op('R').op('s');
            assertRefused(pickle.stop(), "expected");
        }
    }

    @Test
    void findsTheStateDictInCheckpoints() throws IOException {
        for (String wrapper : List.of("model", "state_dict", "model_state_dict")) {
            Pickle nested = dict("iter").number(7).op('s').string(wrapper).op('}').string("w");
            byte[] pickle = nested.tensor("0", 6, 0, new int[] {6}, 1).op('s').op('s').stop();
            assertThat(parse(file(pickle))).as(wrapper).containsOnlyKeys("w");
        }
        Pickle twice = dict("model").op('}').string("state_dict").op('}').string("w");
        assertThat(parse(file(twice.tensor("0", 6, 0, new int[] {6}, 1).op('s').op('s').op('s').stop())))
                .containsOnlyKeys("w");
        assertRefused(dict("optimizer").op('}').op('s').stop(), "no tensors", "state_dict");
        assertRefused(new Pickle().op('N').stop(), "no tensors");
    }

    @Test
    void recursiveStructuresTerminate() throws IOException {
        assertRefused(new Pickle().op('}').op('q', 0).string("model").op('h', 0).op('s').stop(), "no tensors");
        assertRefused(new Pickle().op(']').op('q', 0).op('h', 0).op('a').stop(), "no tensors");
        byte[] withTensor = new Pickle().op('}').op('q', 0).string("model").op('h', 0).op('s').string("w")
                .tensor("0", 6, 0, new int[] {6}, 1).op('s').stop();
        assertThat(parse(file(withTensor))).containsOnlyKeys("w");
    }

    @Test
    void damagedStacksAreErrors() throws IOException {
        for (String opcodes : List.of("", "R", "t", "s", "u", "a", "e", "b", "Q", "\u0085", "(s", "N(s", "Na", "N(u",
                "}(Nu", "h\u0001", "j\u0001\u0001\u0001\u0001", "q\u0001", "\u0094", "cx", "c\n",
                "X\u00ff\u00ff\u00ff\u00ff",
                "\u008d\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff", "\u008a\u00ff", "G", "\u0095", "NN\u0093",
                "c" + "x".repeat(1000) + "\nx\n")) {
            assertRefused(new Pickle().bytes(opcodes.getBytes(StandardCharsets.ISO_8859_1)).stop(), "m.bin");
        }
    }

    /** A few bytes repeated many times; neither memory nor depth may grow with them. */
    @ParameterizedTest
    @ValueSource(strings = {"(", "N", "]", "}", ")", "\u0085", "N\u0094", "}h\u0001", "(h\u0001h\u0001tq\u0001"})
    void hostilePicklesStayCheap(String unit) throws IOException {
        byte[] units = unit.repeat(1_200_000 / (unit.length() + 1) * 2).getBytes(StandardCharsets.ISO_8859_1);
        assertRefused(new Pickle().op('N').op('q', 1).bytes(units).stop(), "operations", "state_dict");
    }

    /** Keys that are equal, but different objects, would be compared byte by byte at each use. */
    @Test
    void equalLongKeysStayCheap() throws IOException {
        byte[] text = ("X\0\0\u0080\0" + "x".repeat(8 << 20)).getBytes(StandardCharsets.ISO_8859_1);
        byte[] pairs = "h\1Nh\2N".repeat(200_000).getBytes(StandardCharsets.ISO_8859_1);
        Pickle pickle = new Pickle().bytes(text).op('q', 1).bytes(text).op('q', 2).op('}').op('(').bytes(pairs);
        assertRefused(pickle.op('u').stop(), "no tensors");
        Pickle storage =
                dict("w").bytes("(X\7\0\0\0storagectorch\nFloatStorage\n".getBytes(StandardCharsets.ISO_8859_1));
        assertRefused(storage.bytes(text).string("cpu").number(6).op('t').op('Q').stop(),
                "a storage key of at most 1000 characters, found 8388608");
    }

    @Test
    void bigIntegersAreIgnored() throws IOException {
        Pickle pickle = dict("a").op(0x8a, 0).op('s').string("b").op(0x8a, 1, 0xff).op('s');
        pickle.string("c").op(0x8a, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1).op('s');
        pickle.string("d").op('G', 1, 2, 3, 4, 5, 6, 7, 8).op('s');
        byte[] bytes = pickle.string("w").tensor("0", 6, 0, new int[] {3, 2}, 1, 3).op('s').stop();
        assertThat(parse(file(bytes)).get("w").toFloats()).containsExactly(0f, 3f, 1f, 4f, 2f, 5f);
    }

    @Test
    void refusesOtherZipFiles() throws IOException {
        byte[] pickle = dict("w").tensor("0", 6, 0, new int[] {6}, 1).op('s').stop();
        byte[] order = {'b', 'i', 'g'};
        assertZip(Map.of("m/data.pkl", pickle, "m/data/0", sixFloats(), "m/byteorder", order), "little");
        assertZip(Map.of("m/data.pkl", pickle, "n/data.pkl", pickle), "data.pkl", "2");
        assertZip(Map.of("m/word/document.xml", pickle), "data.pkl", "0");
    }

    private static void assertZip(Map<String, byte[]> entries, String... expected) throws IOException {
        byte[] file = HandMadeFiles.zip(entries);
        assertThatThrownBy(() -> parse(file)).isInstanceOf(ModelFormatException.class).hasMessageStartingWith("m.bin: ")
                .hasMessageContainingAll(expected);
    }

    @Test
    void refusesAPickleOfSomethingElse() {
        assertThatThrownBy(() -> parse(dict("a").number(1).op('s').stop())).isInstanceOf(ModelFormatException.class)
                .hasMessageContainingAll("m.bin", "not of torch.save", "state_dict");
    }
}
