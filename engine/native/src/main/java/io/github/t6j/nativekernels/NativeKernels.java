package io.github.t6j.nativekernels;

import io.github.t6j.ComputeKernels;
import io.github.t6j.kernels.processor.Processor;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Products with quantised weights in C, for {@link io.github.t6j.ModelOptions#withKernels}: faster prompts and batches
 * with the same bits as in Java. A JVM loads the library once, for its life. It needs
 * {@code --enable-native-access=io.github.t6j.nativekernels} ({@code ALL-UNNAMED} on the class path).
 */
public final class NativeKernels {
    private NativeKernels() {}

    /**
     * Loads the library in the jar of this class, which {@code mvn -P native package} builds.
     *
     * @throws NativeKernelsException if there is no library for this system, or this processor or JVM cannot run it
     */
    public static ComputeKernels load() {
        return load(null);
    }

    /**
     * Loads the library in a folder, or the one in the jar of this class if the folder has none.
     *
     * @param folder folder with a library such as {@code linux-amd64/libt6j.so}, or null
     * @throws NativeKernelsException if there is no library for this system, or this processor or JVM cannot run it
     */
    public static ComputeKernels load(Path folder) {
        return forms(folder).getFirst();
    }

    /** Returns true if {@link #load(Path)} would find a library, whether or not this processor can run it. */
    public static boolean exists(Path folder) {
        return LibraryFile.exists(folder);
    }

    /** Returns the products in all forms that this processor can run, the fastest first. */
    static List<NativeProducts> forms(Path folder) {
        Module module = NativeKernels.class.getModule();
        if (!module.isNativeAccessEnabled()) {
            throw new NativeKernelsException("access to native code is not enabled; start java with "
                    + "--enable-native-access=" + (module.isNamed() ? module.getName() : "ALL-UNNAMED"));
        }
        List<String> names = LibraryFile.load(folder);
        if (!Processor.fused() || names.isEmpty()) {
            throw new NativeKernelsException(
                    "this processor or JVM is not supported: expected x86-64 with AVX2 and FMA, "
                            + "or arm64 with dot products, and java without -XX:-UseFMA");
        }
        return IntStream.range(0, names.size()).mapToObj(form -> new NativeProducts(form, names.get(form))).toList();
    }
}
