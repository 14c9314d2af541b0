package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.sampling.SamplingOptions;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests that the README's Java is a complete program that compiles without warnings on the class path and runs. */
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

    @Test
    void theSampleCompilesAndRuns() throws Exception {
        Matcher java = Pattern.compile("(?s)```java\n(.*?)```")
                .matcher(Files.readString(TestData.path("../README.md")));
        assertThat(java.find()).isTrue();
        Path source = Files.writeString(folder.resolve("Whale.java"), java.group(1));
        assertThat(output(tool("javac"), "-Xlint:all", "-Werror", "-cp", engine(), "-d", folder.toString(),
                source.toString())).isEmpty();
        String out = output(tool("java"), ON_CLASS_PATH, "-Dstdout.encoding=UTF-8", "-cp",
                engine() + File.pathSeparator + folder, "Whale", TestData.tiny().toString());
        try (Stream<String> lines = (expected() + "\nMAX_TOKENS after 50 tokens\n4096 logits\n").lines()) {
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
