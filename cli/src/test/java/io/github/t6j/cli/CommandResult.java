package io.github.t6j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.json.Json;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Result of a command line that ran inside this process. */
public record CommandResult(int code, String out, String err) {

    /** Folder of the test data. */
    public static final Path TESTDATA = Path.of(System.getProperty("t6j.testdata"));

    public static final String TINY = TESTDATA.resolve("models/t6-tiny").toString();

    /** Model used without --model. */
    static final Path BUNDLED = TESTDATA.resolve("models/t6-mini");
    static final List<String> BUNDLED_FILES = List.of(
            "chat_template.jinja", "config.json", "generation_config.json", "model.safetensors", "tokenizer.json");

    /** The environment without a user's configuration. */
    private static final Map<String, String> ENVIRONMENT = environment();

    private static Map<String, String> environment() {
        Map<String, String> environment = new HashMap<>(System.getenv());
        environment.remove("T6J_MODEL");
        environment.put("XDG_CONFIG_HOME", TESTDATA.resolve("no-configuration").toString());
        environment.put("APPDATA", TESTDATA.resolve("no-configuration").toString());
        return environment;
    }

    /** Runs with empty standard input. */
    public static CommandResult of(String... args) {
        return withInput(new byte[0], args);
    }

    /** Runs with {@code input} as piped input. */
    public static CommandResult withInput(byte[] input, String... args) {
        return run(input, false, args);
    }

    /** Runs as if on a terminal. */
    static CommandResult onTerminal(String... args) {
        return run(new byte[0], true, args);
    }

    /** Runs with its own environment; input other than null is typed on a terminal. */
    public static CommandResult in(Map<String, String> environment, String typed, String... args) {
        byte[] input = typed == null ? new byte[0] : typed.getBytes(StandardCharsets.UTF_8);
        return run(input, typed != null, environment, args);
    }

    private static CommandResult run(byte[] input, boolean terminal, String... args) {
        return run(input, terminal, ENVIRONMENT, args);
    }

    private static CommandResult run(byte[] input, boolean terminal, Map<String, String> environment, String... args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        PrintStream errors = new PrintStream(err, true, StandardCharsets.UTF_8);
        int code = new Main(new ByteArrayInputStream(input), out, errors, terminal, terminal, environment).run(args);
        return new CommandResult(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    /** Checks that it made {@code folder}, and printed nothing else. */
    public void assertMade(Path folder) {
        assertThat(err).startsWith("t6j: wrote " + folder + ": ").contains(" files, weights of ").hasLineCount(1);
        assertThat(this).isEqualTo(new CommandResult(0, "", err));
    }

    /** Returns standard output, which must be a JSON object. */
    public Map<String, Object> json() {
        return Json.parseObject(out.getBytes(StandardCharsets.UTF_8), "standard output");
    }
}
