package io.github.t6j.cli.models;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.cli.CommandResult;
import io.github.t6j.nativekernels.NativeKernels;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests {@code --kernels}. */
class KernelArgumentsTest {
    private static final List<String> ACCESS = List.of("--enable-native-access=ALL-UNNAMED");

    @TempDir
    Path home;

    private static CommandResult inspect(String... kernels) {
        List<String> arguments = new ArrayList<>(List.of("inspect", "--model", CommandResult.TINY));
        arguments.addAll(List.of(kernels));
        return CommandResult.of(arguments.toArray(String[]::new));
    }

    @Test
    void inspectNamesTheKernels() {
        assertThat(inspect("--kernels", "scalar").out()).containsPattern("kernels +scalar, ");
        assertThat(inspect("--kernels", "simd").out()).containsPattern("kernels +SIMD, ");
        assertThat(inspect().out())
                .containsPattern(NativeKernels.exists(null) ? "kernels +native, " : "kernels +SIMD, ");
        CommandResult wrong = inspect("--kernels", "gpu");
        assertThat(wrong.code()).isEqualTo(2);
        assertThat(wrong.err()).contains("expected native or simd or scalar, found 'gpu'");
    }

    @Test
    void aMissingLibraryIsAnErrorOnlyIfTheOptionAsksForIt() {
        if (!NativeKernels.exists(null)) {
            CommandResult asked = inspect("--kernels", "native");
            assertThat(asked.code()).isEqualTo(1);
            assertThat(asked.err().lines().toList()).singleElement().asString()
                    .startsWith("t6j: native kernels: no library for this system: looked for ");
            assertThat(inspect().err()).isEmpty();
        }
    }

    /** In a JVM of its own, since one that has loaded a library never loads another. */
    @Test
    void aLibraryThatDoesNotFitIsNotedOrAnError() throws IOException, InterruptedException {
        boolean mac = System.getProperty("os.name").startsWith("Mac");
        String system = mac ? "macos" : System.getProperty("os.name").toLowerCase(Locale.ROOT);
        Path folder = Files.createDirectories(
                home.resolve("lib").resolve(system + "-" + System.getProperty("os.arch")));
        Files.writeString(folder.resolve(mac ? "libt6j.dylib" : "libt6j.so"), "no library");
        String words = "native kernels: the library does not fit this system: ";
        assertThat(launched(0, ACCESS)).startsWith("t6j: note: " + words);
        assertThat(launched(1, ACCESS, "--kernels", "native")).startsWith("t6j: " + words);
        assertThat(launched(0, ACCESS, "--kernels", "simd")).isEmpty();
        assertThat(launched(0, List.of()))
                .startsWith("t6j: note: native kernels: access to native code is not enabled; "
                        + "start java with --enable-native-access=");
    }

    @Test
    void aJvmWithoutFusedMultiplyAddIsNotedOrAnError() throws IOException, InterruptedException {
        Assumptions.assumeTrue(NativeKernels.exists(null), "no library: mvn -P native builds one");
        List<String> options = List.of("-XX:-UseFMA", ACCESS.getFirst());
        String words = "native kernels: this processor or JVM is not supported: expected x86-64 with AVX2 and FMA, "
                + "or arm64 with dot products, and java without -XX:-UseFMA";
        assertThat(launched(0, options)).contains("t6j: note: " + words);
        assertThat(launched(1, options, "--kernels", "native")).isEqualTo("t6j: " + words);
    }

    /** Runs inspect in another JVM with options and returns what it writes to stderr, apart from the JVM's own warnings. */
    private String launched(int code, List<String> options, String... kernels)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "--add-modules",
                "jdk.incubator.vector", "-XX:+UseSerialGC", "-Dt6j.home=" + home));
        command.addAll(options);
        String path = System.getProperty("jdk.module.path", "") + System.getProperty("path.separator")
                + System.getProperty("java.class.path");
        command.addAll(List.of("-cp", path, "io.github.t6j.cli.Main", "inspect", "--model", CommandResult.TINY));
        command.addAll(List.of(kernels));
        Process process = new ProcessBuilder(command).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        try (InputStream errors = process.getErrorStream()) {
            String text = new String(errors.readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).as(text).isEqualTo(code);
            return String.join("\n", text.lines().filter(line -> line.startsWith("t6j:")).toList());
        }
    }
}
