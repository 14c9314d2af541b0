package io.github.t6j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.github.t6j.cli.io.Text;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jline.reader.LineReader;
import picocli.CommandLine;

/** t6j in a process of its own, with the JDK and the classes of the tests. Its output is recorded. */
public final class LaunchedProcess {
    private static final long MAX_SECONDS = 120;
    /** Warning of the JVM at every start, and of the engine without SIMD. */
    private static final String NOISE = "WARNING: Using incubator modules.*\\R|.*KernelChoice best\\R|"
            + "WARNING: t6j computes without SIMD.*\\R|WARNING: package jdk.incubator.vector.*\\R";

    private final Process process;
    private final Printed out;
    private final Printed err;

    private LaunchedProcess(Process process) {
        this.process = process;
        out = new Printed(process.getInputStream());
        err = new Printed(process.getErrorStream());
    }

    /** Returns the java command with the module path. */
    public static List<String> modules(String... jvmOptions) {
        List<String> command = java(jvmOptions);
        command.addAll(List.of("--enable-native-access=io.github.t6j.nativekernels", "--module-path",
                String.join(File.pathSeparator, jars().values()),
                "--module", "io.github.t6j.cli/io.github.t6j.cli.Main"));
        return command;
    }

    /** Returns the java command with the class path. */
    static List<String> classes(Class<?> main, String... jvmOptions) {
        List<String> command = java(jvmOptions);
        List<String> path = new ArrayList<>(List.of(place(main).toString()));
        path.addAll(jars().values());
        command.addAll(List.of(
                "--enable-native-access=ALL-UNNAMED", "-cp", String.join(File.pathSeparator, path), main.getName()));
        return command;
    }

    private static List<String> java(String... options) {
        List<String> command = new ArrayList<>(interruptible());
        command.addAll(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC"));
        command.addAll(List.of(options));
        return command;
    }

    /** Returns a prefix for commands: a background build may ignore SIGINT, which its children inherit. */
    static List<String> interruptible() {
        return ignoresInterrupts() ? List.of("env", "--default-signal=INT") : List.of();
    }

    private static boolean ignoresInterrupts() {
        try {
            return Files.lines(Path.of("/proc/self/status"))
                    .filter(line -> line.startsWith("SigIgn:"))
                    .anyMatch(line -> (Long.parseUnsignedLong(line.replaceAll("SigIgn:\\s*", ""), 16) & 2) != 0);
        } catch (IOException e) {
            return false;
        }
    }

    /** Returns the folder or jar of a class. */
    static Path place(Class<?> type) {
        try {
            return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Returns the folder or jar of a module, which may have no class. */
    private static Path place(String module) {
        return Path.of(ModuleLayer.boot().configuration().findModule(module).orElseThrow().reference().location()
                .orElseThrow());
    }

    /** Returns the jars of t6j by their names in bin/t6j; no code names three of JLine's. */
    static Map<String, String> jars() {
        Map<String, String> jars = new LinkedHashMap<>();
        Map<String, String> modules = Map.of("t6j-cli", "cli", "t6j-chat", "chat", "t6j-training", "training",
                "t6j-scheduler", "schedule", "t6j-speculation", "speculation", "t6j-grammar", "grammar", "t6j-native",
                "nativekernels", "t6j-engine", "engine", "t6j-gpt2", "gpt2");
        modules.forEach((jar, module) -> jars.put(jar, place("io.github.t6j." + module).toString()));
        jars.put("picocli", place(CommandLine.class).toString());
        String reader = place(LineReader.class).toString();
        for (String name : List.of("jline-reader", "jline-terminal", "jline-terminal-ffm", "jline-native")) {
            jars.put(name, reader.replace("jline-reader", name));
        }
        return jars;
    }

    public static ProcessBuilder builder(List<String> command, String... args) {
        List<String> all = new ArrayList<>(command);
        all.addAll(List.of(args));
        ProcessBuilder builder = new ProcessBuilder(all);
        builder.environment().keySet().removeIf(name -> name.startsWith("T6J_") || name.startsWith("LC_"));
        builder.environment().put("XDG_CONFIG_HOME", "no-configuration");
        builder.environment().remove("JAVA_TOOL_OPTIONS");
        builder.environment().remove("JDK_JAVA_OPTIONS");
        return builder;
    }

    /**
     * Runs a command on a terminal, simulated by util-linux' script, with "$t6j" for the launcher in {@code checkout}.
     */
    static ProcessBuilder terminal(Path checkout, String command) {
        List<String> script = new ArrayList<>(interruptible());
        script.addAll(List.of("script", "-qec", command, "/dev/null"));
        ProcessBuilder builder = builder(script);
        builder.environment().put("SHELL", "/bin/sh"); // script runs the command with it
        builder.environment().put("T6J_JAVA_HOME", System.getProperty("java.home"));
        builder.environment().put("t6j", checkout.resolve("cli/bin/t6j").toString());
        builder.environment().put("TERM", "xterm");
        return builder;
    }

    public static LaunchedProcess start(ProcessBuilder builder) {
        try {
            return new LaunchedProcess(builder.start());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Runs to the end with empty standard input. */
    static CommandResult run(ProcessBuilder builder) {
        LaunchedProcess launched = start(builder);
        launched.closeInput();
        return launched.end();
    }

    private void closeInput() {
        try {
            process.getOutputStream().close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits until standard output contains a text. */
    void awaitOut(String text) {
        await(out, text);
    }

    /** Waits until standard error contains a text. */
    public void awaitErr(String text) {
        await(err, text);
    }

    /** Waits until standard output contains a text {@code times} times. */
    void awaitOut(String text, int times) {
        await(out, text, times);
    }

    /** Returns its standard error so far. */
    public String err() {
        return err.text();
    }

    private void await(Printed printed, String text) {
        await(printed, text, 1);
    }

    private void await(Printed printed, String text, int times) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(MAX_SECONDS);
        while (printed.text().split(Pattern.quote(text), -1).length <= times) {
            if (!process.isAlive() && !printed.isAlive() || System.nanoTime() > end) {
                process.destroyForcibly();
                fail("expected %s, found %s%nand on standard error %s", text, shortened(out), shortened(err));
            }
            sleep();
        }
    }

    private static String shortened(Printed printed) {
        return Text.printable(printed.text(), 1000);
    }

    private static void sleep() {
        try {
            Thread.sleep(10);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Writes {@code text} to its standard input. */
    void type(String text) {
        try {
            process.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
            process.getOutputStream().flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sends SIGINT or another signal. */
    public void signal(String name) {
        try {
            assertThat(new ProcessBuilder("kill", "-" + name, "" + process.pid()).start().waitFor()).isZero();
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Kills it. */
    public void kill() {
        process.destroyForcibly();
    }

    /** Returns its result, once it has ended by itself within {@code seconds}. */
    public CommandResult end(long seconds) {
        try {
            if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                fail("expected the end within %d s, found it running; it printed %s%n%s", seconds,
                        shortened(out), shortened(err));
            }
            out.join();
            err.join();
            return new CommandResult(process.exitValue(), out.text(), err.text().replaceAll(NOISE, ""));
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    public CommandResult end() {
        return end(MAX_SECONDS);
    }

    /** Reads a stream to its end. */
    private static final class Printed extends Thread {
        private final InputStream stream;
        private final StringBuffer text = new StringBuffer();

        Printed(InputStream stream) {
            this.stream = stream;
            setDaemon(true);
            start();
        }

        String text() {
            return text.toString();
        }

        @Override
        public void run() {
            byte[] piece = new byte[1 << 16]; // texts of these tests are ASCII wherever a piece may end
            try {
                for (int n = stream.read(piece); n >= 0; n = stream.read(piece)) {
                    text.append(new String(piece, 0, n, StandardCharsets.UTF_8));
                }
            } catch (IOException e) {
                text.append(e);
            }
        }
    }
}
