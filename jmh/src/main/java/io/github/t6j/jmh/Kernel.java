package io.github.t6j.jmh;

import io.github.t6j.kernels.KernelChoice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Which kernels the engine chooses with what forks are started with; the JVM that starts them has no vector module. */
public final class Kernel {
    private Kernel() {}

    /** Prints it. */
    public static void main(String[] args) {
        System.out.print(KernelChoice.kernels().description());
    }

    /** Asks a JVM that is started as forks are. */
    public static String inAFork() {
        try {
            Process process = new ProcessBuilder(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(), Setting.VECTORS, "-cp",
                    System.getProperty("java.class.path"), Kernel.class.getName())
                    .redirectError(ProcessBuilder.Redirect.DISCARD).start();
            return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException failure) {
            throw new UncheckedIOException("cannot start a JVM to ask for its kernels", failure);
        }
    }
}
