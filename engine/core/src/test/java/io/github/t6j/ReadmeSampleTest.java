package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.sampling.SamplingOptions;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tests that the README's Java samples are complete programs that compile without warnings on the class path and run.
 */
class ReadmeSampleTest {
    private static final String ON_CLASS_PATH = "--add-modules=jdk.incubator.vector";

    @TempDir
    Path folder;

    private static String tool(String name) {
        return Path.of(System.getProperty("java.home"), "bin", name).toString();
    }

    private static String engine() throws Exception {
        return Path.of(Model.class.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
    }

    private static String output(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as("%s\n%s", List.of(command), out).isZero();
        return out;
    }

    private static String expected() {
        try (Model model = Model.load(TestData.tiny()); Session session = model.newSession()) {
            return session.generate("The whale", GenerationOptions.defaults().withMaxTokens(50)
                    .withSampling(SamplingOptions.defaults().withTemperature(0.7f).withSeed(1))).text();
        }
    }

    /** Compiles and runs the README's program {@code number}, counted from 0. */
    private String run(int number, String name, String... args) throws Exception {
        List<String> programs = Pattern.compile("(?s)```java\n(.*?)```")
                .matcher(Files.readString(TestData.path("../README.md"))).results().map(java -> java.group(1)).toList();
        assertThat(programs).hasSize(2);
        Path source = Files.writeString(folder.resolve(name + ".java"), programs.get(number));
        assertThat(output(tool("javac"), "-Xlint:all", "-Werror", "-cp", engine(), "-d", folder.toString(),
                source.toString())).isEmpty();
        List<String> command = new ArrayList<>(List.of(tool("java"), ON_CLASS_PATH, "-Dstdout.encoding=UTF-8", "-cp",
                engine() + File.pathSeparator + folder, name));
        command.addAll(List.of(args));
        return output(command.toArray(String[]::new));
    }

    /** The cache has 16 pages of 64 tokens, each with 2 · 2 factors of 32 + 64 floats. */
    @Test
    void theFirstSampleComputesFlashTpa() throws Exception {
        assertThat(run(0, "Flash").lines()).endsWith("2048 elements from " + 16 * 64 * 2 * 2 * (32 + 64) * 4
                + " bytes of cache");
    }

    @Test
    void theSecondSampleGenerates() throws Exception {
        String out = run(1, "Whale", TestData.tiny().toString());
        try (Stream<String> lines = (expected() + "\nMAX_TOKENS after 50 tokens\n").lines()) {
            assertThat(out.lines()).endsWith(lines.toArray(String[]::new));
        }
    }

    /** On the module path javac warns only of the incubating module. */
    @Test
    void aModuleThatUsesTheEngineCompiles() throws Exception {
        Files.writeString(folder.resolve("module-info.java"), "module user {\n    requires io.github.t6j.engine;\n}\n");
        Path user = Files.createDirectory(folder.resolve("user")).resolve("User.java");
        Files.writeString(user, """
                package user;

                import io.github.t6j.GenerationOptions;
                import io.github.t6j.Session;
                import io.github.t6j.Token;
                import io.github.t6j.sampling.SamplingOptions;
                import java.util.stream.Stream;

                class User {
                    static String use(Session session) {
                        GenerationOptions options = GenerationOptions.defaults()
                                .withSampling(SamplingOptions.greedy().withStep((logits, generated) -> logits[0] = 1));
                        try (Stream<Token> tokens = session.stream("a", options)) {
                            return tokens.map(Token::text).reduce("", String::concat);
                        }
                    }
                }
                """);
        assertThat(output(tool("javac"), "-Xlint:all,-incubating", "-Werror", "-p", engine(), "-d",
                folder.toString(), folder.resolve("module-info.java").toString(), user.toString())).isEmpty();
    }
}
