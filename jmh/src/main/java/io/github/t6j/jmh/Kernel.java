package io.github.t6j.jmh;

import io.github.t6j.kernels.choice.KernelChoice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Prints the kernels that the engine chooses with the JVM options of forks; the JVM that starts them has no vector
 * module.
 */
public final class Kernel {
    private Kernel() {}

    /** Prints the description of the kernels. */
    public static void main(String[] args) {
        System.out.print(KernelChoice.kernels().description());
    }

    /** Returns the kernels of a JVM started as JMH starts forks, with this JVM's options, too. */
    public static String inAFork() {
        try {
            Process process =
                    new ProcessBuilder(command(Kernel.class)).redirectError(ProcessBuilder.Redirect.DISCARD).start();
            return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException failure) {
            throw new UncheckedIOException("cannot start a JVM to ask for its kernels", failure);
        }
    }

    /** Runs {@code main} in such a JVM. @return its exit code */
    public static int fork(Class<?> main, String... args) throws IOException {
        return end(new ProcessBuilder(command(main, args)).inheritIO().start());
    }

    /**
     * Waits for a process. If this JVM is stopped, stops the process and waits for its last output, so that the shell's
     * prompt follows it.
     *
     * @return its exit code, or 130 if this thread was interrupted
     */
    public static int end(Process process) {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            process.destroy();
            await(process);
        }));
        return await(process);
    }

    private static int await(Process process) {
        try {
            return process.waitFor();
        } catch (InterruptedException interrupted) {
            process.destroy();
            Thread.currentThread().interrupt();
            return 130; // as of a process that Ctrl-C stopped
        }
    }

    private static List<String> command(Class<?> main, String... args) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(BenchmarkSupport.VECTORS, BenchmarkSupport.HUGE_PAGES));
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(args));
        return command;
    }
}
