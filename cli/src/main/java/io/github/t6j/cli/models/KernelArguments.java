package io.github.t6j.cli.models;

import io.github.t6j.ComputeKernels;
import io.github.t6j.cli.Main;
import io.github.t6j.kernels.choice.KernelChoice;
import io.github.t6j.nativekernels.NativeKernels;
import io.github.t6j.nativekernels.NativeKernelsException;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** {@code --kernels}, of every command that loads a model. */
public final class KernelArguments {
    /** Kernels that can compute a model. */
    public enum Kind {
        /** Products with quantised weights in C, all else as for {@link #SIMD}. */
        NATIVE,
        /** Java's vectors. */
        SIMD,
        /** Plain Java, many times slower. */
        SCALAR
    }

    @Option(
            names = "--kernels",
            paramLabel = "KIND",
            description = {"Kernels that compute: native (C, for quantised weights), simd or scalar. All give the same",
                "bits (default: native if t6j was built with it and the processor supports it, else simd)."})
    private Kind kind;

    /**
     * Returns the kernels for {@link io.github.t6j.ModelOptions#withKernels}. If the default cannot be native although
     * a library exists, a note gives the reason.
     *
     * @throws NativeKernelsException if the option asks for native kernels, and they cannot be loaded
     */
    ComputeKernels kernels(Main main) {
        String home = System.getProperty("t6j.home");
        Path folder = home == null ? null : Path.of(home, "lib"); // of a package
        if (kind == Kind.SCALAR) {
            return KernelChoice.scalar();
        }
        if (kind == Kind.SIMD || kind == null && !NativeKernels.exists(folder)) {
            return null;
        }
        try {
            return NativeKernels.load(folder);
        } catch (NativeKernelsException refusal) {
            if (kind == Kind.NATIVE) {
                throw refusal;
            }
            main.note("note: " + refusal.getMessage());
            return null;
        }
    }
}
