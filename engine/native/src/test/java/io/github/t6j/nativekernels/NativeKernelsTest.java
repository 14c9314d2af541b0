package io.github.t6j.nativekernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.Model;
import io.github.t6j.T6jException;
import io.github.t6j.TestData;
import io.github.t6j.kernels.BlockFormat;
import io.github.t6j.kernels.KQuantFormat;
import io.github.t6j.kernels.RoundedRows;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests loading of the library, and that calls which do not fit their arrays are refused before C sees them. */
class NativeKernelsTest {
    @TempDir
    Path folder;

    private static String name() {
        return LibraryFile.system().startsWith("macos")
                ? "macos-" + System.getProperty("os.arch") + "/libt6j.dylib"
                : System.getProperty("os.name").toLowerCase() + "-" + System.getProperty("os.arch") + "/libt6j.so";
    }

    @Test
    void theModelNamesItsKernels() {
        try (Model model = Model.load(TestData.path("golden/T6_odd"), EveryForm.options())) {
            assertThat(model.info().kernels()).startsWith("every native form; ");
        }
        assertThat(NativeKernels.load()).hasToString(NativeKernels.load(folder).toString());
    }

    @Test
    void aMissingLibraryIsNamed() {
        if (!NativeKernels.exists(folder)) {
            assertThatThrownBy(NativeKernels::load).isInstanceOf(T6jException.class)
                    .hasMessageContaining("native kernels: no library for this system: looked for " + name())
                    .hasMessageEndingWith(LibraryFile.advice(LibraryFile.system()));
            assertThatThrownBy(() -> NativeKernels.load(folder)).hasMessageContaining(folder.toString());
        }
    }

    @Test
    void theLibraryIsOfTheSources() throws IOException, NoSuchAlgorithmException {
        EveryForm.assumed();
        MessageDigest hash = MessageDigest.getInstance("SHA-256");
        try (Stream<Path> sources = Files.list(TestData.path("../engine/native/src/main/c"))) {
            for (Path source : sources.sorted().toList()) {
                hash.update(Files.readAllBytes(source));
            }
        }
        try (InputStream library = NativeKernels.class.getResourceAsStream(name())) {
            String text = new String(library.readAllBytes(), StandardCharsets.ISO_8859_1);
            assertThat(text.contains(HexFormat.of().formatHex(hash.digest())))
                    .as("the library is of these sources; otherwise, build it again with mvn -P native package")
                    .isTrue();
        }
    }

    @Test
    void theAdviceFitsTheSystem() {
        for (String served : new String[] {"linux-amd64", "linux-aarch64", "macos-x86_64", "macos-aarch64"}) {
            assertThat(LibraryFile.advice(served)).isEqualTo("mvn -P native package builds one with gcc or clang");
        }
        for (String other : new String[] {"windows 11-amd64", "windows server 2025-amd64", "linux-riscv64"}) {
            assertThat(LibraryFile.advice(other)).isEqualTo(
                    "one can be built only for Linux and macOS on x86-64 and arm64; Java's kernels give the same bits");
        }
    }

    @Test
    void aLibraryIsUnpackedToAFolderOfItsOwnerAndRemoved() throws IOException {
        List<Path> files = new ArrayList<>();
        assertThat(LibraryFile.unpack(new ByteArrayInputStream(new byte[] {5, 1}), file -> {
            files.add(file);
            assertThat(file).hasBinaryContent(new byte[] {5, 1});
            if (file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
                assertThat(PosixFilePermissions.toString(permissions(file.getParent()))).isEqualTo("rwx------");
            }
            return List.of("a form");
        })).containsExactly("a form");
        assertThatThrownBy(() -> LibraryFile.unpack(new ByteArrayInputStream(new byte[1]), file -> {
            files.add(file);
            throw new IllegalStateException("no library");
        })).hasMessage("no library");
        assertThat(files).hasSize(2).doesNotHaveDuplicates()
                .allSatisfy(file -> assertThat(file.getParent()).doesNotExist());
    }

    private static Set<PosixFilePermission> permissions(Path path) {
        try {
            return Files.getPosixFilePermissions(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** In a JVM of its own: once the library is loaded, the folder for temporary files may be missing. */
    @Test
    void aLibraryIsUnpackedOnce() throws IOException, InterruptedException {
        NativeProducts fastest = EveryForm.assumed().forms().getFirst();
        Path temporary = Files.createDirectory(folder.resolve("temporary"));
        assertThat(loaded("--enable-native-access=ALL-UNNAMED", "-Djava.io.tmpdir=" + temporary))
                .isEqualToNormalizingNewlines(fastest + "\n" + fastest + "\n");
        assertThat(temporary).doesNotExist();
    }

    /** In a JVM of its own, since one that has a library never loads another. */
    @Test
    void aFileThatIsNoLibraryIsRefused() throws IOException, InterruptedException {
        Path file = folder.resolve(name());
        Files.createDirectories(file.getParent());
        Files.writeString(file, "no library");
        assertThat(NativeKernels.exists(folder)).isTrue();
        assertThat(loaded("--enable-native-access=ALL-UNNAMED"))
                .startsWith(
                        "io.github.t6j.nativekernels.NativeKernelsException: native kernels: the library does not fit "
                                + "this system: ");
        assertThat(loaded("-Dnothing")).contains("start java with --enable-native-access=ALL-UNNAMED");
    }

    /** Returns what a JVM with options prints that loads the library in {@link #folder}. */
    private String loaded(String... options) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), NativeKernelsTest.class.getName(),
                folder.toString()));
        Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        String text = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor()).isZero();
        return text;
    }

    /** Loads the library, and once more without the folder for temporary files if it is in the folder of the test. */
    public static void main(String[] args) throws IOException {
        try {
            System.out.println(NativeKernels.load(Path.of(args[0])));
            if (Files.deleteIfExists(Path.of(args[0], "temporary"))) {
                System.out.println(NativeKernels.load());
            }
        } catch (T6jException refusal) {
            System.out.println(refusal);
        }
    }

    /** Random sizes and places, of which most do not fit: a call computes or throws, and the JVM lives. */
    @Test
    void callsOutsideTheArraysAreRefused() {
        NativeProducts products = EveryForm.assumed().forms().getFirst();
        Random random = new Random(51);
        int computed = 0;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment w = arena.allocate(3 * 64 * 128, 64);
            for (int i = 0; i < 20_000; i++) {
                computed += call(products, w, random) ? 1 : 0;
            }
        }
        assertThat(computed).as("seed 51").isBetween(500, 19_500);
    }

    private static boolean call(NativeProducts products, MemorySegment w, Random random) {
        int rows = random.nextInt(2, 5);
        int inputs = random.nextInt(1, 100);
        RoundedRows x = products.roundedRows(new RoundedRows());
        x.resize(rows, inputs, null, Set.of());
        x.rows += random.nextInt(8) == 0 ? 1 : 0;
        x.blocks += random.nextInt(8) == 0 ? 1 : 0;
        float[] y = new float[random.nextInt(2000)];
        float[] in = new float[random.nextInt(1, 300)];
        int yAt = random.nextInt(-5, 400);
        int yStride = random.nextInt(8) == 0 ? random.nextInt(-200, 64) : random.nextInt(64, 300);
        long wAt = random.nextInt(8) == 0 ? random.nextLong() : random.nextInt((int) w.byteSize() / 2);
        try {
            for (int row = 0; row < rows; row++) {
                products.round(in, random.nextInt(-3, 60), inputs, x, row);
            }
            if (random.nextBoolean()) {
                BlockFormat format = BlockFormat.values()[random.nextInt(2)];
                products.multiplyBlocks(
                        x, format, w, wAt, new float[] {1, 1}, 0, random.nextInt(1, 3), y, yAt, yStride);
            } else {
                KQuantFormat format = KQuantFormat.values()[random.nextInt(KQuantFormat.values().length)];
                products.multiplyKQuants(x, format, w, wAt, 1, y, yAt, yStride);
            }
            return true;
        } catch (IndexOutOfBoundsException refused) {
            return false;
        }
    }
}
