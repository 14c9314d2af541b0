package io.github.t6j.cli.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.cli.CommandResult;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Defaults by the configuration file and the environment: which one holds, where it is from, and wrong files. */
class ConfigCommandTest {
    private static final String TINY = CommandResult.TINY;

    @TempDir
    private Path home;

    private Map<String, String> environment;
    private Path file;

    @BeforeEach
    void setHome() throws IOException {
        file = home.resolve(".config/t6j/config");
        Files.createDirectories(file.getParent());
        environment =
                new HashMap<>(Map.of("HOME", home.toString(), "APPDATA", file.getParent().getParent().toString()));
    }

    private void write(String... lines) throws IOException {
        Files.writeString(file, String.join("\n", lines) + "\n");
    }

    private CommandResult run(String... args) {
        return CommandResult.in(environment, null, args);
    }

    /** Returns the value and the source of a key, as {@code t6j config} prints them. */
    private String shown(String key, String... options) {
        String[] args = new String[options.length + 1];
        args[0] = "config";
        System.arraycopy(options, 0, args, 1, options.length);
        CommandResult ran = run(args);
        assertThat(ran.code()).as(ran.err()).isZero();
        return ran.out().lines().filter(line -> line.startsWith(key + " ")).findFirst().orElseThrow()
                .substring(key.length()).strip().replaceAll(" {2,}", " | ");
    }

    @Test
    void theFirstOfCommandLineVariableFileAndDefaultHolds() throws IOException {
        assertThat(shown("model")).isEqualTo("the small model that comes with t6j | default");
        assertThat(shown("threads")).isEqualTo(Runtime.getRuntime().availableProcessors() + " | default");
        assertThat(shown("cache-type")).isEqualTo("f32 | default");
        assertThat(shown("host")).isEqualTo("127.0.0.1 | default");
        assertThat(shown("port")).isEqualTo("8080 | default");

        write("# mine", "", "model = in-file", "threads=1", "  cache-type =  q8 ", "port = 9000", "host = 0.0.0.0");
        assertThat(shown("model")).isEqualTo("in-file | " + file + ":3");
        assertThat(shown("threads")).isEqualTo("1 | " + file + ":4");
        assertThat(shown("cache-type")).isEqualTo("q8 | " + file + ":5");
        assertThat(shown("port")).isEqualTo("9000 | " + file + ":6");
        assertThat(shown("host")).isEqualTo("0.0.0.0 | " + file + ":7");

        environment.put("T6J_MODEL", "in-variable");
        assertThat(shown("model")).isEqualTo("in-variable | T6J_MODEL");
        assertThat(shown("model", "-m", "given")).isEqualTo("given | command line");
        assertThat(shown("threads", "--threads", "2", "--cache-type", "f16")).isEqualTo("2 | command line");
        environment.put("T6J_MODEL", " ");
        assertThat(shown("model")).isEqualTo("in-file | " + file + ":3");
    }

    /** The two models have different sizes; the command takes the model that holds. */
    @Test
    void commandsTakeTheModelThatHolds() throws IOException {
        String bundled = inspected();
        String tiny = inspected("-m", TINY);
        assertThat(tiny).isNotEqualTo(bundled);
        write("model = " + TINY);
        assertThat(inspected()).isEqualTo(tiny);
        environment.put("T6J_MODEL", TINY);
        Files.delete(file);
        assertThat(inspected()).isEqualTo(tiny);
        write("model = none");
        assertThat(inspected()).isEqualTo(tiny);
        environment.remove("T6J_MODEL");
        assertThat(inspected("-m", TINY)).isEqualTo(tiny);
    }

    /** Returns the description of a model without the free memory, which differs from call to call. */
    private String inspected(String... arguments) {
        String[] all = Stream.concat(Stream.of("inspect", "--json"), Stream.of(arguments)).toArray(String[]::new);
        return run(all).out().replaceAll("\"available_bytes\": \\d+", "");
    }

    @Test
    void aModelThatIsMissingIsNamedWithItsSource() throws IOException {
        write("", "model = no/such/model/here");
        assertThat(run("inspect").code()).isEqualTo(1);
        assertThat(run("inspect").err()).startsWith("t6j: " + file + ":2: model no")
                .contains("expected a folder with config.json and weights");
        environment.put("T6J_MODEL", "no/such/model/either");
        assertThat(run("inspect").err()).startsWith("t6j: T6J_MODEL no").contains("expected a folder");
        assertThat(run("inspect", "-m", "x").err()).startsWith("t6j: --model x: expected a folder");
    }

    @ParameterizedTest
    @ValueSource(strings = {"models", "--version", "--help", "config", "help generate", "inspect --help"})
    void aCommandWithoutAModelNeedsNone(String command) {
        environment.put("T6J_MODEL", "no/such/model/here");
        environment.put("HF_HOME", home.toString());
        assertThat(run(command.split(" ")).code()).isZero();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "modle = x        | expected one of the keys model, threads, cache-type, host, port, found modle; did you mean model?",
        "temperature = 1  | expected one of the keys model, threads, cache-type, host, port, found temperature",
        "threads = 0      | threads: expected 1 to ",
        "threads = many   | found \"many\"",
        "threads =        | threads: expected 1 to ",
        "cache-type = q9  | cache-type: expected f32, f16, bf16, q8, found \"q9\"",
        "port = 65536     | port: expected 0 to 65535, found \"65536\"",
        "model            | expected key = value, found \"model\"",
        "host = b         | duplicate key host, first in "})
    void aWrongLineIsReported(String line, String message) throws IOException {
        write("host = a", "", line);
        CommandResult ran = run("inspect");
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.out()).isEmpty();
        assertThat(ran.err()).startsWith("t6j: " + file + ":3: ").contains(message).hasLineCount(1);
        assertThat(run("config").err()).isEqualTo(ran.err());
        environment.put("HF_HOME", home.toString());
        assertThat(run("models").code()).as("a command without these options").isZero();
        assertThat(run("inspect", "--help").code()).isZero();
        assertThat(run("help", "inspect").code()).isZero();
    }

    @Test
    void aFileThatIsNoText() throws IOException {
        Files.write(file, "model = caf\u00e9".getBytes(StandardCharsets.ISO_8859_1));
        assertThat(run("config").err()).isEqualTo("t6j: " + file + ": expected text in UTF-8, found other bytes\n");
        Files.delete(file);
        Files.createDirectory(file);
        assertThat(run("config").err()).startsWith("t6j: " + file + ": cannot be read: ");
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void theFolderOfTheFileCanBeAnother() throws IOException {
        write("threads = 1");
        Path other = home.resolve("elsewhere");
        environment.put("XDG_CONFIG_HOME", other.toString());
        CommandResult ran = run("config");
        assertThat(ran.err()).isEqualTo("t6j: the configuration file is " + other.resolve("t6j/config")
                + ", which does not exist\n");
        Files.createDirectories(other.resolve("t6j"));
        Files.writeString(other.resolve("t6j/config"), "model = ~/models/mine\n");
        assertThat(shown("model")).isEqualTo(home + "/models/mine | " + other.resolve("t6j/config") + ":1");
        assertThat(run("config").err())
                .isEqualTo("t6j: the configuration file is " + other.resolve("t6j/config") + "\n");
        environment.remove("XDG_CONFIG_HOME");
        environment.remove("HOME");
        assertThat(shown("threads")).endsWith("| default");
        assertThat(run("config").err()).as("no place for a file").isEmpty();
    }

    @Test
    void jsonHasTheSame() throws IOException {
        write("port = 9000");
        assertThat(run("config", "--json").out().replaceAll("\\s+", " "))
                .contains("{ \"key\": \"port\", \"value\": \"9000\", \"source\": \""
                        + file.toString().replace("\\", "\\\\")
                        + ":1\" }", "\"key\": \"threads\"");
    }

    @Test
    void helpShowsTheAddressThatHolds() throws IOException {
        write("port = 9000");
        assertThat(run("serve", "--help").out().replaceAll("\\s+", " "))
                .contains("(default: 9000)", "(default: 127.0.0.1)")
                .doesNotContain("8080");
    }

    /** A session keeps the type of its cache, unless the command line has another. */
    @Test
    void aSavedSessionIsBeforeTheFile() throws IOException {
        String session = home.resolve("session").toString();
        String[] args = {"generate", "The whale", "-m", TINY, "-n", "2", "--seed", "1", "--session", session};
        environment.put("XDG_CONFIG_HOME", home.resolve("none").toString());
        environment.put("APPDATA", home.resolve("none").toString());
        String[] first = Arrays.copyOf(args, args.length + 2);
        first[args.length] = "--cache-type";
        first[args.length + 1] = "q8";
        assertThat(run(first).code()).isZero();
        write("cache-type = f16");
        environment.remove("XDG_CONFIG_HOME");
        environment.put("APPDATA", file.getParent().getParent().toString());
        CommandResult ran = run(args);
        assertThat(ran.code()).as(ran.err()).isZero();
    }
}
